"""`graph.save` and `mlgraph.load`: one file of IR text, arrays and JSON.

    save, load     the two ends
    archive        the file as a zip of parts; folders of older versions
    arrays         the part with the arrays
    description    the part of JSON: the signature, and what each specialization demands and returns
    values         Python values and trees as JSON
    module         the IR, and that it is what the description says
    upgrades       descriptions of older versions

A file may come from anybody. Nothing in it is run or imported: the IR holds operations of neutral dialects only, which
the pipeline lowers again, for any target, and names that go into generated code are names. What is not as `save` writes
it is an `IRError`, when the file is read or at the first call.
"""
