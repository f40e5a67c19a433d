//! The folder that keeps everything: one network at a time, one database, one secret from which charge points' keys are made.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use evcharging_common::{
    address_file::Addresses,
    error::{Error, ErrorCode},
};
use sha2::{Digest, Sha256};

const SECRET_BYTES: usize = 32;

/// A data folder that is ours until this is dropped.
pub struct DataFolder {
    path: PathBuf,
    secret: Vec<u8>,
    // The operating system gives the lock back when the file is closed, however the process ends.
    _lock: File,
}

impl DataFolder {
    /// Makes the folder when it is missing, locks it, and makes its secret when it has none.
    ///
    /// # Errors
    /// When another network runs on it or it can't be written.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unusable = |error: std::io::Error| {
            let message = format!(
                "cannot use the data folder {}: {error}; name another with --data-dir",
                path.display()
            );
            Error::new(ErrorCode::FailedPrecondition, "DATA_FOLDER_UNUSABLE", message)
        };
        std::fs::create_dir_all(path).map_err(unusable)?;
        let path = path.canonicalize().map_err(unusable)?;
        let lock_file = path.join("lock");
        let mut lock = OpenOptions::new().create(true).append(true).open(&lock_file).map_err(unusable)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => in_use(&path, &lock_file),
            TryLockError::Error(error) => unusable(error),
        })?;
        // For the message of whoever finds it locked.
        lock.set_len(0).and_then(|()| write!(lock, "{}", std::process::id())).map_err(unusable)?;
        // A network that was killed has left its addresses, and nobody listens there.
        Addresses::remove(&path);
        let secret = secret(&path.join("charge-point-secret")).map_err(unusable)?;
        Ok(Self { path, secret, _lock: lock })
    }

    /// Its absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database file.
    pub fn database_file(&self) -> PathBuf {
        self.path.join("evcharging.db")
    }

    /// The database as a URL.
    ///
    /// # Errors
    /// When the folder's path is not UTF-8.
    pub fn database_url(&self) -> Result<String, Error> {
        let file = self.database_file();
        let path = file.to_str().ok_or_else(|| {
            let message = format!("the path of the data folder must be UTF-8: {}", file.display());
            Error::new(ErrorCode::InvalidArgument, "DATA_FOLDER_UNUSABLE", message)
        })?;
        // What has a meaning in a URL must not have it in a path.
        Ok(format!("sqlite:{}", path.replace('%', "%25").replace('?', "%3F").replace('#', "%23")))
    }

    /// The key with which a charge point registers: the same at each start, and nobody outside can make it.
    pub fn charge_point_key(&self, cp_id: &str) -> String {
        let digest = Sha256::new().chain_update(&self.secret).chain_update(cp_id).finalize();
        hex(&digest)
    }
}

fn in_use(path: &Path, lock_file: &Path) -> Error {
    let process = std::fs::read_to_string(lock_file).unwrap_or_default();
    let owner = if process.is_empty() { String::new() } else { format!(" (process {process})") };
    let message = format!(
        "another `evcharging up`{owner} runs on the data folder {}; stop it, or name another folder with --data-dir",
        path.display()
    );
    Error::new(ErrorCode::FailedPrecondition, "DATA_FOLDER_IN_USE", message)
}

/// Reads the secret or makes it; whole or not at all, readable by nobody else.
fn secret(path: &Path) -> std::io::Result<Vec<u8>> {
    match std::fs::read(path) {
        Ok(secret) if secret.len() == SECRET_BYTES => Ok(secret),
        Ok(_) => Err(std::io::Error::other(format!("{} is damaged", path.display()))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let secret: [u8; SECRET_BYTES] = rand::random();
            let temporary = path.with_extension("new");
            let mut file =
                OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&temporary)?;
            file.write_all(&secret)?;
            file.sync_all()?;
            std::fs::rename(&temporary, path)?;
            Ok(secret.to_vec())
        }
        Err(error) => Err(error),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_folder_is_made_and_belongs_to_one_at_a_time() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        let first = DataFolder::open(&path).unwrap();
        let refused = DataFolder::open(&path).err().expect("the folder is taken");
        assert_eq!(refused.reason, "DATA_FOLDER_IN_USE");
        assert!(refused.message.contains("a/b"), "{refused}");
        assert!(refused.message.contains(&std::process::id().to_string()), "{refused}");
        drop(first);
        assert!(DataFolder::open(&path).is_ok());
    }

    #[test]
    fn addresses_of_a_network_that_was_killed_are_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        Addresses::default().write(folder.path()).unwrap();
        let _opened = DataFolder::open(folder.path()).unwrap();
        assert!(Addresses::read(folder.path()).is_err());
    }

    #[test]
    fn keys_are_kept_differ_and_are_nobody_elses_to_read() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let key = |folder: &Path, cp_id| DataFolder::open(folder).unwrap().charge_point_key(cp_id);
        let first = key(one.path(), "MAD-01");
        assert_eq!(first, key(one.path(), "MAD-01"));
        assert_ne!(first, key(one.path(), "MAD-02"));
        assert_ne!(first, key(other.path(), "MAD-01"));
        let mode = std::fs::metadata(one.path().join("charge-point-secret")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_path_with_odd_characters_stays_one_path() {
        let parent = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(&parent.path().join("50% off? #1")).unwrap();
        assert!(folder.database_url().unwrap().ends_with("/50%25 off%3F %231/evcharging.db"));
    }

    #[test]
    fn what_is_no_folder_is_refused_with_advice() {
        let parent = tempfile::tempdir().unwrap();
        std::fs::write(parent.path().join("file"), "").unwrap();
        let refused = DataFolder::open(&parent.path().join("file")).err().expect("a file is no folder");
        assert!(refused.message.contains("--data-dir"), "{refused}");
    }
}
