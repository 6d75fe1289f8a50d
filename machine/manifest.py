"""Print the page about what an image holds: manifest.py IMAGE PARENT. Runs in the test image.

Everything on it is asked of the image itself; PARENT ("" for none) only leaves out what that has too.
"""

import json
import sys

import docker

#: What is asked of an image. A line that begins with a tab is one package: name, version.
ASK = r"""
condor_version | sed -n 's/^\$CondorVersion: \([^ ]*\).*/HTCondor\t\1/p'
python --version | sed 's/ /\t/'
for name in htmap jupyterlab jupyterhub; do
  pip show --quiet "$name" > /dev/null 2>&1 || continue
  pip list --format freeze | sed -n "s/^$name==/$name\t/p"
done
if command -v R > /dev/null; then R --version | sed -n 's/^R version \([^ ]*\).*/R\t\1/p'; fi
if command -v java > /dev/null; then java --version | sed -n '1s/^\([a-z]*\) \([^ ]*\).*/\1\t\2/p'; fi
"""
PYTHON = "pip list --format freeze 2> /dev/null | sed 's/==/\t/'"
DEBIAN = r"dpkg-query --show --showformat '${binary:Package}\t${Version}\n'"
R = r"""command -v Rscript > /dev/null && Rscript -e '
installed <- installed.packages()[, c("Package", "Version")]
cat(paste(installed[, 1], installed[, 2], sep = "\t"), sep = "\n")' || true"""


def main(image, parent):
    """Print the page of `image`."""
    engine = docker.from_env()
    built = engine.images.get(image)
    labels = built.labels
    print(f"# {labels['org.opencontainers.image.title']}\n")
    print("<!-- Made from the image by `make manifests`: not for editing. -->\n")
    print(f"{labels['org.opencontainers.image.description']}.\n")
    print(f"Size: {megabytes(built.attrs['Size'])} ({built.attrs['Architecture']})\n")
    print("| what | version |\n|---|---|")
    for name, version in ask(engine, image, ASK).items():
        print(f"| {name} | {version} |")

    print("\n## Layers\n\n| MB | made by |\n|---:|---|")
    for layer in reversed(built.history()):
        if layer["Size"] >= 50_000:
            print(f"| {layer['Size'] / 1e6:.1f} | {made_by(layer['CreatedBy'])} |")

    for title, question in (("Python", PYTHON), ("R", R), ("Debian", DEBIAN)):
        packages = ask(engine, image, question)
        old = ask(engine, parent, question) if parent else {}
        new = {name: version for name, version in packages.items() if old.get(name) != version}
        if new:
            print(f"\n## {title} packages\n")
            if parent:
                print(f"{len(packages)}, of which its parent `{parent}` has not:\n")
            print(json.dumps(new, indent=0).join(("```json\n", "\n```")))


def ask(engine, image, question):
    """Return the names and versions that a shell command prints in `image`."""
    printed = engine.containers.run(
        image, ["-c", question], entrypoint="bash", remove=True, network_mode="none"
    )
    pairs = [line.split("\t") for line in printed.decode().splitlines()]
    return dict(sorted(pair for pair in pairs if len(pair) == 2))


def made_by(command):
    """Return the gist of the instruction that made a layer."""
    command = command.removesuffix(" # buildkit") or "the root image"
    if "/bin/bash -o pipefail -c" in command:
        command = "RUN" + command.split("/bin/bash -o pipefail -c", 1)[1]
    words = " ".join(word for word in command.split() if not word.startswith("--mount"))
    return "`" + (words if len(words) < 90 else words[:87] + "...").replace("|", "\\|") + "`"


def megabytes(size):
    """Return a size as `docker images` counts it."""
    return f"{size / 1e6:.0f} MB"


main(*sys.argv[1:])
