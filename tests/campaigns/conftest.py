"""The campaigns are programs of their own: pytest leaves them alone."""

collect_ignore_glob = ["*.py"]
