"""What two fields of a configuration may not say together."""


def check(config):
    """Raises `ValueError` if fields contradict each other; names them."""
    if config.data == "files" and not config.data_dir:
        raise ValueError("data='files' needs a folder: set `data_dir`.")
    if config.data == "demo" and config.data_dir:
        raise ValueError(
            f"data='demo' reads no folder. Received: data_dir="
            f"{config.data_dir!r}. Set data='files' to read it."
        )
    if config.process_id >= config.num_processes:
        raise ValueError(
            f"`process_id`={config.process_id} must be below `num_processes`="
            f"{config.num_processes}: processes are counted from 0."
        )
    port = config.coordinator.rpartition(":")[2]
    is_port = port.isdecimal() and 0 < int(port[:6]) < 2**16
    if config.num_processes > 1 and not is_port:
        raise ValueError(
            "Several processes must find each other: set `coordinator` to "
            "host:port of process 0. Received: coordinator="
            f"{config.coordinator!r}."
        )
    if config.finish_after and config.num_processes > 1:
        raise ValueError(
            "`finish_after` is for one process: set `epochs` or "
            "`pretrain_epochs` where several train together."
        )
    if config.resume and config.overwrite:
        raise ValueError("Set `resume` or `overwrite`, not both.")
