"""Records: manifests, the lake's contents, the journal and logs of a run."""
