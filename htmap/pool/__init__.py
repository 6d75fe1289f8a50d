"""Everything that talks to HTCondor; the only importer of its bindings."""
