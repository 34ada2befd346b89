"""The engine: a city from its files, and each call as one coroutine from the answer to its record.

`city` loads and proves the configuration, `settings` the environment; `engine` connects and adopts,
`call` tells a call's story, `dispatch` alone owns the router, `journal` keeps what happened. Import
from the modules; the package itself re-exports nothing.
"""
