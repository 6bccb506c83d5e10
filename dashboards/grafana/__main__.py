"""Writes the dashboards and the borders that their map shows: `python -m dashboards.grafana`, after every change."""

from __future__ import annotations

from dashboards.grafana.build import FOLDER, files


def main() -> None:
    for name, text in files().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
        print(f"{name}: {len(text.encode())} bytes")


if __name__ == "__main__":
    main()
