# The whole stack in one place: `docker buildx bake --print` shows what each target comes to.
# An image is one short block below; what it holds is in images/<name>/Dockerfile.

variable "REGISTRY" { default = "" } # with its closing slash: quay.example/
variable "OWNER" { default = "htcondor" }
variable "TAG" { default = "latest" }
variable "PLATFORMS" { default = "" } # empty: this machine's; else linux/amd64,linux/arm64

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

# image("base-notebook", "") is htcondor/htc-base-notebook:latest.
function "image" {
  params = [name, suffix]
  result = ["${REGISTRY}${OWNER}/htc-${name}:${TAG}${suffix}"]
}

group "default" { targets = ["base"] }
group "all" { targets = ["base", "base-condor25"] }
group "ci" { targets = ["base", "base-condor25", "test", "test-condor25"] }

target "_common" {
  platforms = PLATFORMS == "" ? [] : split(",", PLATFORMS)
  network   = "host"
  secret    = ["id=ca,src=${CERTIFICATES}"]
  args = {
    ROOT_IMAGE     = ROOT_IMAGE
    PYTHON_VERSION = PYTHON_VERSION
    HTCONDOR_SUITE = HTCONDOR_SUITE
  }
  labels = {
    "org.opencontainers.image.vendor"    = OWNER
    "org.opencontainers.image.licenses"  = "Apache-2.0"
    "org.opencontainers.image.version"   = HTMAP_VERSION
    "org.opencontainers.image.revision"  = REVISION
    "org.opencontainers.image.created"   = CREATED
    "org.opencontainers.image.base.name" = ROOT_IMAGE
    "org.htcondor.condor-version"        = HTCONDOR_VERSION
    "org.htcondor.htmap-version"         = HTMAP_VERSION
  }
}

# The same image with the next release's daemons.
target "_condor25" {
  args   = { HTCONDOR_SUITE = HTCONDOR_NEXT_SUITE }
  labels = { "org.htcondor.condor-version" = HTCONDOR_NEXT_VERSION }
}

target "base" {
  inherits   = ["_common"]
  dockerfile = "images/base/Dockerfile"
  tags       = image("base-notebook", "")
  labels = {
    "org.opencontainers.image.title"       = "htc-base-notebook"
    "org.opencontainers.image.description" = "JupyterLab, a personal HTCondor pool and htmap"
  }
}

target "base-condor25" {
  inherits = ["base", "_condor25"]
  tags     = image("base-notebook", "-condor25")
}

# What runs the tests: base and the locked tools, never published.
target "test" {
  inherits   = ["_common"]
  dockerfile = "images/test/Dockerfile"
  contexts   = { base = "target:base", tools = "target:tools" }
  tags       = image("test", "")
  labels     = { "org.opencontainers.image.title" = "htc-test" }
}

target "test-condor25" {
  inherits = ["test", "_condor25"]
  contexts = { base = "target:base-condor25" }
  tags     = image("test", "-condor25")
}

# What installs Python packages into images; mounted by the Dockerfiles of the others.
target "tools" {
  tags       = image("tools", "")
  inherits   = ["_common"]
  dockerfile = "images/base/Dockerfile"
  target     = "tools"
}
