import keras

# Under this name, and a number, weights files hold random states.
_RANDOM_STATE = "random_state_"


class SavedAsClassifier(keras.Model):
    """Base of a training model: what is saved is its `classifier`, plain.

    Weights files, such as those of `keras.callbacks.BackupAndRestore`, hold
    the training model's own, and the random states that Keras leaves out.
    """

    def save(self, filepath, **kwargs):
        """Saves the plain classifier, as `keras.Model.save` does."""
        self.classifier.save(filepath, **kwargs)

    def export(self, filepath, *args, **kwargs):
        """Exports the plain classifier, as `keras.Model.export` does."""
        self.classifier.export(filepath, *args, **kwargs)

    def get_config(self):
        """Raises `NotImplementedError`: terms and attacks are not saved."""
        raise NotImplementedError(
            "AdversarialTraining cannot be copied, pickled or made from a "
            "configuration: its terms are no part of a model. Copy, pickle or "
            "clone `model.classifier`, and make AdversarialTraining(copy, "
            "terms) around it; `model.save` saves the classifier."
        )

    def __reduce__(self):
        self.get_config()

    def __deepcopy__(self, memo):
        self.get_config()

    def save_own_variables(self, store):
        """Saves the random states too, which Keras leaves out.

        What `keras.callbacks.BackupAndRestore` restores draws the numbers
        then that an uninterrupted training draws.
        """
        super().save_own_variables(store)
        for number, state in enumerate(self._random_states()):
            store[f"{_RANDOM_STATE}{number}"] = state

    def load_own_variables(self, store):
        """Loads what `save_own_variables` saved; states, if as many."""
        names = [name for name in store.keys() if _RANDOM_STATE in name]
        super().load_own_variables(
            {name: store[name] for name in store.keys() if name not in names}
        )
        states = self._random_states()
        if len(names) == len(states):
            for number, state in enumerate(states):
                state.assign(store[f"{_RANDOM_STATE}{number}"])

    def _random_states(self):
        saved = set(map(id, self.weights))
        return [v for v in self.variables if id(v) not in saved]
