"""`graph.save` and `mlgraph.load`: one file of IR text, arrays and JSON.

    save, load     the two ends
    archive        the file as a zip of parts; folders of older versions
    arrays         the part with the arrays
    description    the JSON part: the signature, and the inputs and outputs of each specialization
    values         Python values and trees as JSON
    module         the IR, and the check that it matches the description
    upgrades       descriptions of older versions

A file may come from an untrusted source. Nothing in it is run or imported: the IR holds operations of neutral dialects
only, which the pipeline lowers again for any target, and names that go into generated code are checked to be
identifiers. Anything that `save` would not write raises `IRError` when the file is read or at the first call.
"""
