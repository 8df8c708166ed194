import dataclasses

import keras
import numpy as np

from advtext.attacks.kept_settings import KeptSettings
from advtext.compile_once import CompileOnce


class Pickled(KeptSettings):
    """What can be pickled and copied, with its random states as they stand.

    Attributes:
        compiled: `CompileOnce`, made anew when a setting changes or a copy is
            made: functions belong to the settings that they were compiled for.
    """

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        # What was compiled, for every model, has the value before.
        self.__dict__["compiled"] = CompileOnce()

    def __getstate__(self):
        left = "compiled", "_kept"
        state = {k: v for k, v in vars(self).items() if k not in left}
        for name, value in state.items():
            if isinstance(value, keras.random.SeedGenerator):
                values = np.asarray(value.state.value)
                state[name] = _Draws(value.get_config()["seed"], values)
        return state

    def __setstate__(self, state):
        for name, value in state.items():
            made = value.made() if isinstance(value, _Draws) else value
            self.__dict__[name] = made
        self.__dict__["compiled"] = CompileOnce()


@dataclasses.dataclass
class _Draws:
    """A seed generator, where it stands, to be pickled."""

    seed: int
    state: np.ndarray

    def made(self):
        generator = keras.random.SeedGenerator(self.seed)
        generator.state.assign(self.state)
        return generator
