# The whole stack in one place: `docker buildx bake --print` shows what each target comes to.
#
# An image is one line of STACK; its software is in images/<name>/Dockerfile, on that of its parent, and
# in requirements/<name>.txt. What this project itself makes comes last, on every one of them.

variable "REGISTRY" { default = "" } # with its closing slash: quay.example/
variable "OWNER" { default = "htcondor" }
variable "TAG" { default = "latest" }
# For publishing (make push): both platforms, more tags, attestations. Takes a builder of the kind
# docker-container; else this machine's platform.
variable "RELEASE" { default = false }

variable "ROOT_IMAGE" { default = "debian:13-slim" }
variable "PYTHON_VERSION" { default = "3.13" }

# The default daemons are Debian 13's; everything is tested against the next release's too.
variable "HTCONDOR_SUITE" { default = "trixie" }
variable "HTCONDOR_VERSION" { default = "23.9.6" }
variable "HTCONDOR_NEXT_SUITE" { default = "forky" }
variable "HTCONDOR_NEXT_VERSION" { default = "25.14.1" }

# What the machine knows: machine/build fills these in.
variable "HTMAP_VERSION" { default = "" }
variable "REVISION" { default = "" }
variable "CREATED" { default = "" }
variable "CERTIFICATES" { default = "/dev/null" }

variable "STACK" {
  default = [
    { name = "base", parent = "", title = "htc-base-notebook", description = "JupyterLab, a personal HTCondor pool and htmap" },
    { name = "minimal", parent = "base", title = "htc-minimal-notebook", description = "base with git, editors and export to PDF" },
    { name = "scipy", parent = "minimal", title = "htc-scipy-notebook", description = "minimal with the scientific Python stack" },
    { name = "tensorflow", parent = "scipy", title = "htc-tensorflow-notebook", description = "scipy with TensorFlow, Keras and TensorBoard" },
    { name = "tutorials", parent = "scipy", title = "htmap-tutorials", description = "scipy with htmap's tutorials" },
    { name = "docs", parent = "tutorials", title = "htc-docs", description = "what makes the manual: never published" },
    { name = "r", parent = "minimal", title = "htc-r-notebook", description = "minimal with R: its kernel, the tidyverse, and htmap through reticulate" },
    { name = "datascience", parent = "scipy", title = "htc-datascience-notebook", description = "scipy and R in one: rpy2, polars, duckdb" },
    { name = "pyspark", parent = "scipy", title = "htc-pyspark-notebook", description = "scipy with Apache Spark for Python" },
    { name = "all-spark", parent = "pyspark", title = "htc-all-spark-notebook", description = "pyspark with Spark from Scala and R, too" },
    { name = "test", parent = "base", title = "htc-test", description = "what runs the tests: never published" },
    { name = "hub-test", parent = "test", title = "htc-hub-test", description = "what runs the tests of a Hub: never published" },
  ]
}

# Those that only run the tests, or make the manual.
variable "UNPUBLISHED" { default = ["test", "hub-test", "docs"] }

group "default" { targets = ["base"] }
# What is published.
group "release" { targets = concat([for image in STACK : image.name if !contains(UNPUBLISHED, image.name)], ["exec"]) }
group "all" { targets = concat([for image in STACK : image.name if !contains(UNPUBLISHED, image.name)], ["exec", "base-condor25"]) }
# What the tests need.
group "ci" { targets = concat([for image in STACK : image.name], ["exec", "base-condor25", "test-condor25", "overlay-stand-in", "hub", "site", "site-condor25", "laptop"]) }

# tags("htc-base-notebook", "") is htcondor/htc-base-notebook:latest.
function "tags" {
  params = [title, suffix]
  result = [
    for tag in RELEASE ? [TAG, HTMAP_VERSION, substr(CREATED, 0, 10), "condor-${HTCONDOR_VERSION}"] : [TAG] :
    "${REGISTRY}${OWNER}/${title}:${tag}${suffix}"
  ]
}

function "labels" {
  params = [title, description]
  result = {
    "org.opencontainers.image.title"       = title
    "org.opencontainers.image.description" = description
    "org.opencontainers.image.vendor"      = OWNER
    "org.opencontainers.image.licenses"    = "Apache-2.0"
    "org.opencontainers.image.version"     = HTMAP_VERSION
    "org.opencontainers.image.revision"    = REVISION
    "org.opencontainers.image.created"     = CREATED
    "org.opencontainers.image.base.name"   = ROOT_IMAGE
    "org.htcondor.condor-version"          = HTCONDOR_VERSION
    "org.htcondor.htmap-version"           = HTMAP_VERSION
  }
}

target "_common" {
  platforms = RELEASE ? ["linux/amd64", "linux/arm64"] : []
  network   = "host"
  secret    = ["id=ca,src=${CERTIFICATES}"]
  args = {
    ROOT_IMAGE     = ROOT_IMAGE
    PYTHON_VERSION = PYTHON_VERSION
    HTCONDOR_SUITE = HTCONDOR_SUITE
  }
}

# What installs packages into images; mounted by the Dockerfiles of the others.
target "tools" {
  inherits   = ["_common"]
  dockerfile = "images/base/Dockerfile"
  target     = "tools"
  tags       = tags("htc-tools", "")
}

target "library" {
  inherits   = ["_common"]
  dockerfile = "images/library/Dockerfile"
  contexts   = { tools = "target:tools" }
}

target "wheel" {
  inherits = ["library"]
  target   = "wheel"
}

target "software" {
  name       = "${image.name}-software"
  matrix     = { image = STACK }
  inherits   = ["_common"]
  dockerfile = "images/${image.name}/Dockerfile"
  contexts   = image.parent == "" ? {} : { parent = "target:${image.parent}-software", tools = "target:tools" }
}

target "image" {
  name       = image.name
  matrix     = { image = STACK }
  inherits   = ["_common"]
  dockerfile = "images/finish/Dockerfile"
  contexts   = { parent = "target:${image.name}-software", library = "target:library" }
  args       = { IMAGE = tags(image.title, "")[0] }
  tags       = tags(image.title, "")
  attest     = RELEASE ? ["type=sbom", "type=provenance,mode=max"] : []
  labels     = labels(image.title, image.description)
}

target "exec" {
  inherits   = ["_common"]
  dockerfile = "images/exec/Dockerfile"
  contexts   = { tools = "target:tools", library = "target:library" }
  tags       = tags("htmap-exec", "")
  attest     = RELEASE ? ["type=sbom", "type=provenance,mode=max"] : []
  labels     = labels("htmap-exec", "what execute nodes run: Python, NumPy and cloudpickle")
}

# The JupyterHub of examples/jupyterhub: of JupyterHub's own parts alone.
target "hub" {
  inherits   = ["_common"]
  dockerfile = "examples/jupyterhub/Dockerfile"
  contexts   = { tools = "target:tools" }
  tags       = tags("htc-hub", "")
  labels     = labels("htc-hub", "JupyterHub with DockerSpawner: an example")
}

# The pool, htmap and the launcher on any image of jupyter/docker-stacks:
#   PARENT=jupyter/scipy-notebook OVERLAY=my-notebook make image/overlay
variable "PARENT" { default = "jupyter/scipy-notebook" }
variable "OVERLAY" { default = "htc-overlay" }
target "overlay" {
  inherits   = ["_common"]
  dockerfile = "images/overlay/Dockerfile"
  contexts   = { wheel = "target:wheel", library = "target:library" }
  args       = { PARENT = PARENT, IMAGE = tags(OVERLAY, "")[0] }
  tags       = tags(OVERLAY, "")
}

# On what has the names that their images have, for the tests.
target "stand-in" {
  inherits   = ["_common"]
  dockerfile = "tests/images/overlay/stand-in/Dockerfile"
  contexts   = { parent = "target:base-software" }
}
target "overlay-stand-in" {
  inherits = ["overlay"]
  contexts = { parent = "target:stand-in" }
  args     = { PARENT = "parent" }
  tags     = tags("htc-overlay-stand-in", "")
}

# The hosts of a site of containers: examples/site/README.md.
target "site" {
  inherits   = ["_common"]
  context    = "examples/site"
  contexts   = { notebook = "target:base" }
  args       = { NOTEBOOK = "notebook", DEBIAN = ROOT_IMAGE }
  tags       = tags("htc-site", "")
  labels     = labels("htc-site", "a host of an example of a site: never published")
}

# What has the library and nothing else of HTCondor, for the tests of a site.
target "laptop" {
  inherits   = ["_common"]
  dockerfile = "tests/site/laptop/Dockerfile"
  contexts   = { wheel = "target:wheel" }
  tags       = tags("htc-laptop", "")
}

# The same images with the next release's daemons.
target "_condor25" {
  args   = { HTCONDOR_SUITE = HTCONDOR_NEXT_SUITE }
  labels = { "org.htcondor.condor-version" = HTCONDOR_NEXT_VERSION }
}

target "base-condor25-software" { inherits = ["base-software", "_condor25"] }
target "base-condor25" {
  inherits = ["base", "_condor25"]
  contexts = { parent = "target:base-condor25-software" }
  args     = { IMAGE = tags("htc-base-notebook", "-condor25")[0] }
  tags     = tags("htc-base-notebook", "-condor25")
}

target "test-condor25-software" {
  inherits = ["test-software", "_condor25"]
  contexts = { parent = "target:base-condor25-software" }
}
target "test-condor25" {
  inherits = ["test", "_condor25"]
  contexts = { parent = "target:test-condor25-software" }
  tags     = tags("htc-test", "-condor25")
}

target "site-condor25" {
  inherits = ["site", "_condor25"]
  contexts = { notebook = "target:base-condor25" }
  tags     = tags("htc-site", "-condor25")
}
