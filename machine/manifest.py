"""Print the page about what an image holds: manifest.py IMAGE [PARENT]. Runs in the test image.

Everything on it is asked of the image itself; what PARENT has too is left out.
"""

import sys
import textwrap

import docker

#: What is asked of an image. Each line is a name and a version.
ASK = r"""
condor_version 2> /dev/null | sed -n 's/^\$CondorVersion: \([^ ]*\).*/HTCondor\t\1/p'
python --version | sed 's/ /\t/'
command -v R > /dev/null && R --version | sed -n 's/^R version \([^ ]*\).*/R\t\1/p'
command -v java > /dev/null && java --version | sed -n '1s/^\([^ ]*\) \([^ ]*\).*/\1\t\2/p'
true
"""
PYTHON = """python -c '
from importlib.metadata import distributions
for found in distributions(): print(found.name, found.version, sep="\\t")'"""
DEBIAN = r"dpkg-query --show --showformat '${binary:Package}\t${Version}\n'"
R = r"""command -v Rscript > /dev/null && Rscript -e '
installed <- installed.packages()[, c("Package", "Version")]
cat(paste(installed[, 1], installed[, 2], sep = "\t"), sep = "\n")' || true"""


def main(image, parent=""):
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
                whose = engine.images.get(parent).labels["org.opencontainers.image.title"]
                print(f"{len(packages)}. Those that `{whose}` has not:\n")
            else:
                print(f"{len(packages)}:\n")
            text = ", ".join(f"{name} {version}" for name, version in new.items())
            print(textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False))


def ask(engine, image, question):
    """Return the names and versions that a shell command prints in `image`."""
    printed = engine.containers.run(
        image, ["-c", question], entrypoint="bash", remove=True, network_mode="none"
    )
    pairs = [line.split("\t") for line in printed.decode().splitlines()]
    return dict(
        sorted((pair for pair in pairs if len(pair) == 2), key=lambda pair: pair[0].lower())
    )


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
