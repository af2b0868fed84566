"""Backups that prove themselves: written, verified, listed, pruned and restored.

write.write_backup      one consistent state of the warehouse, with its files, as a folder
verify.verify_backup    structure, every byte, or everything rebuilt and compared
restore.restore_backup  a DuckDB file (or json, csv, parquet files), whole or in part
prune.prune_backups     removes by rule what is no longer needed, never the newest good one
listing.list_backups    what there is, what changed, and when each was last proved
remote_copies           the same at an address (s3, sftp, ...), through fsspec
"""

from warehouse.backup.build import Restored
from warehouse.backup.encrypt import BackupKey, find_key
from warehouse.backup.listing import BackupInfo, keep_encrypted, list_backups
from warehouse.backup.prune import Pruned, prune_backups
from warehouse.backup.restore import restore_backup
from warehouse.backup.verify import DamageFound, Report, verify_backup
from warehouse.backup.write import write_backup

__all__ = [
    "BackupInfo",
    "BackupKey",
    "DamageFound",
    "Pruned",
    "Report",
    "Restored",
    "find_key",
    "keep_encrypted",
    "list_backups",
    "prune_backups",
    "restore_backup",
    "verify_backup",
    "write_backup",
]
