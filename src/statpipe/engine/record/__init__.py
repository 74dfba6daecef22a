"""What is remembered: manifests, what the lake holds, the journal and logs of a run."""
