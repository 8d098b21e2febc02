"""The graph that `compile` returns: it binds a call, finds the specialization whose guards hold, and runs it.

graph             Graph and LazyGraph
bound_call        a call as a structure and its leaves: arrays, Python values and stateful objects
trees             nested containers, flattened and rebuilt; random_keys and numbers are leaves of theirs
guards/           the conditions under which a specialization is right for a call
effects/          what a function reads and writes in objects that outlive the call
specialization    one compiled version of the function, with its guards
executable        runs the emitted `main`; writes puts results into memory that was there before
"""
