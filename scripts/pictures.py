"""Takes the README's transcript and screenshot from a run of the present demo: `make pictures`."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "pictures" / "page.png"
CHROMIUM = [
    "chromium",
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--virtual-time-budget=8000",
    "--window-size=1180,1680",
]
_MARKS = re.compile(r"(<!-- transcript:begin -->\n).*?(<!-- transcript:end -->)", re.DOTALL)


def main() -> int:
    """Run the demo, take its transcript and a screenshot of its page, and write both."""
    if shutil.which("chromium") is None:
        sys.stderr.write("pictures: chromium is missing; type: sudo make system\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-u", "-m", "cli.main", "demo", "--keep", "--dir", str(Path(folder) / "run")]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "118", "NO_COLOR": "1"}
        ) as demo:
            assert demo.stdout is not None  # noqa: S101 a pipe was asked for
            lines = []
            for line in demo.stdout:
                lines.append(line.rstrip())
                if line.startswith("Everything it wrote"):
                    break
            text = "\n".join(lines)
            page = re.search(r"investor's page: (http://\S+)", text)
            holder = re.search(r"investor-a\s+(0x\w{40})", text)
            if page is None or holder is None:
                sys.stderr.write(f"pictures: the demo ended early:\n{text}\n")
                return 1
            shot = [*CHROMIUM, f"--user-data-dir={folder}/browser", f"--screenshot={PAGE}"]
            subprocess.run([*shot, f"{page[1]}/?holder={holder[1]}"], check=True, capture_output=True, timeout=120)
            demo.terminate()
            demo.wait(30)
    shown = text.replace(folder + "/run", "demo-run/000").strip()
    README.write_text(
        _MARKS.sub(rf"\1```text\n$ make demo\n{_escaped(shown)}\n```\n\2", README.read_text("utf-8")), "utf-8"
    )
    return 0


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\")


if __name__ == "__main__":
    sys.exit(main())
