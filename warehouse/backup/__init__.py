"""Backups that prove themselves: written, verified, listed, pruned and restored.

    write_backup    one consistent state of the warehouse, with its files, as a folder
    verify_backup   structure, every byte, or everything rebuilt and compared
    restore_backup  a DuckDB file (or json, csv, parquet files), whole or in part
    prune_backups   removes by rule what is no longer needed, never the newest good one
    list_backups    what there is, what changed, and when each was last proved
"""
