"""JSON Schemas of a city's files, for editors: completion, and typos marked while one types.

`python -m rexian.engine.config_schema config/schema` writes them; a test keeps them true.
"""

import json
import sys
from pathlib import Path
from typing import Any

from rexian.engine.city_models import AgentsFile, HotlineFile, MenusFile, PromptsFile, QueuesFile
from rexian.engine.config_fields import ConfigModel

MODELS: dict[str, type[ConfigModel]] = {
    "agents": AgentsFile,
    "hotline": HotlineFile,
    "menus": MenusFile,
    "prompts": PromptsFile,
    "queues": QueuesFile,
}


def schema(name: str) -> str:
    """The schema of `name`.yaml, as the text of its file."""
    model = MODELS[name]
    made: dict[str, Any] = model.model_json_schema()
    made = {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
    return json.dumps(made, ensure_ascii=False, indent=1) + "\n"


def write_schemas(folder: Path) -> None:
    """Write all of them into `folder`, one file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in MODELS:
        (folder / f"{name}.json").write_text(schema(name), encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
