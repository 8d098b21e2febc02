"""The traits of a framework: facts on which the compiler depends."""

from typing import ClassVar


class Traits:
    """Facts about a framework. Each has a default, that of a library whose arrays cannot be written."""

    # Arrays

    is_neutral: ClassVar[bool] = False
    """Its arrays go with functions of any framework."""
    has_views: ClassVar[bool] = False
    """Arrays can be written and share memory, so that it matters which results do."""
    has_scalars: ClassVar[bool] = False
    """Functions return scalars where other libraries return arrays of rank 0."""
    has_variables: ClassVar[bool] = False
    """The results of a program may be variables, which change when they are written later."""
    has_gradients: ClassVar[bool] = False
    """An array says by `requires_grad` whether gradients are taken for it."""
    has_devices: ClassVar[bool] = False
    """A program may be told on which device to compute."""
    has_late_conjugates: ClassVar[bool] = False
    """An array may be a view whose elements are yet to be conjugated."""

    # Numbers and sizes

    has_weak_numbers: ClassVar[bool] = True
    """Python's numbers take the element type of the arrays beside them; otherwise each has a type of its own."""
    is_narrow: ClassVar[bool] = False
    """It has 64-bit types only where the user asks for them."""
    has_tensor_sizes: ClassVar[bool] = False
    """Sizes may be tensors, or unknown, where other libraries have Python's integers."""
    traces_errors: ClassVar[bool] = True
    """A function that catches errors can be traced with unknown sizes."""
    sorts_keys: ClassVar[bool] = False
    """It flattens dicts in the order of their keys."""

    # Modules with weights

    watches_modules: ClassVar[bool] = False
    """mlgraph watches attributes and hooks of its modules, since the library does not track what matters."""
    has_buffers: ClassVar[bool] = False
    """The buffers of its modules are overwritten in place."""
    has_immutable_weights: ClassVar[bool] = False
    """A module is given new arrays for weights that are written."""

    # Random numbers

    has_random_state: ClassVar[bool] = False
    """Draws advance a stream, of which there is a global one; otherwise keys are split."""
    draws_without_stream: ClassVar[bool] = False
    """A draw that is given None as its stream takes the global one."""

    # Programs

    prefers_masks_by_where: ClassVar[bool] = False
    """Selections by a mask are better written with `where`."""
    prefers_channels_last: ClassVar[bool] = False
    """Convolutions want their channels along the last axis."""
    boxes_kernels: ClassVar[bool] = False
    """Kernels take arrays apart themselves, as Python objects."""
    kernels: ClassVar[str | None] = None
    """The module whose `make_launcher` runs mlgraph's kernels on its arrays; None if the library fuses by itself."""
