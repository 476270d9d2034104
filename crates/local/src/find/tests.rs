use std::ffi::OsString;

use super::*;

fn program(folder: &Path, name: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    let file = folder.join(name);
    fs::write(&file, "#!/bin/sh\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    file
}

fn path_of(folder: &Path) -> OsString {
    env::join_paths([folder]).unwrap()
}

#[test]
fn path_comes_before_debian_and_homebrew() {
    let dir = tempfile::tempdir().unwrap();
    let on_path = dir.path().join("bin");
    program(&on_path, "postgres");
    let initdb = program(&on_path, "initdb");
    program(&dir.path().join("debian/17/bin"), "postgres");
    program(&dir.path().join("debian/17/bin"), "initdb");
    let found = postgres_in(Some(&path_of(&on_path)), &dir.path().join("debian"), &[]).unwrap();
    assert_eq!(found.initdb, initdb);
}

#[test]
fn the_newest_debian_version_wins_by_number() {
    let dir = tempfile::tempdir().unwrap();
    for version in ["9", "15", "16"] {
        program(&dir.path().join(version).join("bin"), "postgres");
        program(&dir.path().join(version).join("bin"), "initdb");
    }
    // Version 17 has only client programs: it must be passed over.
    program(&dir.path().join("17/bin"), "psql");
    let found = postgres_in(None, dir.path(), &[]).unwrap();
    assert_eq!(found.postgres, dir.path().join("16/bin/postgres"));
}

#[test]
fn homebrew_keeps_versions_in_opt() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("opt/postgresql@16/bin");
    program(&folder, "initdb");
    let postgres = program(&folder, "postgres");
    assert_eq!(
        postgres_in(None, Path::new("/nowhere"), &[dir.path()])
            .unwrap()
            .postgres,
        postgres
    );
}

#[test]
fn valkey_serves_where_redis_is_missing() {
    let dir = tempfile::tempdir().unwrap();
    let valkey = program(dir.path(), "valkey-server");
    assert_eq!(redis_in(Some(&path_of(dir.path())), &[]).unwrap(), valkey);
    let redis = program(dir.path(), "redis-server");
    assert_eq!(redis_in(Some(&path_of(dir.path())), &[]).unwrap(), redis);
}

#[test]
fn what_is_missing_is_named_with_its_package() {
    let error = redis_in(None, &[]).unwrap_err().to_string();
    assert!(
        error.contains("apt-get install redis-server") && error.contains("brew install redis"),
        "{error}"
    );
    let error = postgres_in(None, Path::new("/nowhere"), &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("apt-get install postgresql")
            && error.contains("brew install postgresql@16"),
        "{error}"
    );
}

#[test]
fn a_file_that_cannot_be_executed_is_no_program() {
    let dir = tempfile::tempdir().unwrap();
    let file = program(dir.path(), "redis-server");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(redis_in(Some(&path_of(dir.path())), &[]).is_err());
}
