"""Settings that cannot be changed where nobody would see the change."""


class KeptSettings:
    """What has settings; once compiled into a training they are kept.

    A compiled training step would go on with the values before.
    """

    def keep_settings(self, kept=True):
        """From now on (or no more) refuses to set an attribute."""
        self.__dict__["_kept"] = kept
        attack = getattr(self, "attack", None)
        if isinstance(attack, KeptSettings):
            attack.keep_settings(kept)

    def __setattr__(self, name, value):
        if self.__dict__.get("_kept"):
            raise AttributeError(
                f"`{name}` of {type(self).__name__} cannot be set: the "
                "training step is compiled, and would go on with "
                f"{getattr(self, name, None)!r:.100}. To change `weight` or "
                "`epsilon` in training give a keras.optimizers.schedules."
                "LearningRateSchedule; to set it by hand call `compile` of "
                "the training model first."
            )
        super().__setattr__(name, value)
