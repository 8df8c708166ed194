"""Functions without side effects, for JAX.

What runs under a JAX transformation must not assign to variables. A `Scope`
catches the assignments (seeds, statistics) of a differentiated function; their
values leave it as results, and are assigned outside.
"""

import keras


class Scope(keras.StatelessScope):
    """Gives variables other values, and remembers what was assigned.

    Within another scope it starts from that scope's values.
    """

    def __init__(self, variables=(), values=()):
        super().__init__(
            zip(variables, values, strict=True), collect_losses=True
        )
        self.assigned = {}

    def __enter__(self):
        super().__enter__()
        outer = self.original_scope
        if outer is not None:
            self.state_mapping = outer.state_mapping | self.state_mapping
            self.losses = outer.losses[:]
        return self

    def get_current_value(self, variable):
        value = super().get_current_value(variable)
        # Regularizers ask the scope alone, not the variable.
        return variable._value if value is None else value

    def add_update(self, update):
        variable, value = update
        self.assigned[id(variable)] = variable
        super().add_update(update)


class Pure:
    """A function of the values of variables, without side effects.

    Args:
        function: Function that may read and assign variables.
        variables: Those that it is to be a function of.
    """

    def __init__(self, function, variables=()):
        self.function = function
        self.variables = variables
        self.values = [v.value for v in variables]

    def __call__(self, values, *args):
        """Returns the function's result and the values it assigned."""
        with Scope(self.variables, values) as scope:
            result = self.function(*args)
        self.assigned = scope.assigned.values()
        return result, [scope.get_current_value(v) for v in self.assigned]

    def assign(self, values):
        for variable, value in zip(self.assigned, values, strict=True):
            variable.assign(value)
