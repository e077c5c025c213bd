"""The contracts between the engine and everything a plugin can bring. Shapes are checked when the tests run.

A loss, penalty, augmentation or balance with state from step to step is an `nn.Module` that keeps it in
buffers of floating point, which stay finite when a step is not: they are moved to the device, saved with the run,
restored when it resumes, and averaged over processes after every step.

One that follows a schedule has `advance(images_seen)`, called before every step like that of a Gan: a pure function of
the clock, so that there is nothing to save (a penalty may set its `weight` so). Both kinds may report numbers by
`status() -> Mapping[str, float]`, read once a tick.

An author derives from these classes, whose optional attributes have defaults (`class Mine(nn.Module, gantool.Penalty)`
where it is a module too), or writes a class with the same methods: it gets the defaults when it is built.
"""
