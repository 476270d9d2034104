use rcgen::{CertifiedKey, generate_simple_self_signed};
use tempfile::TempDir;
use waypost_settings::MapLookup;

use super::*;

fn write_pair(dir: &TempDir) -> TlsSettings {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (dir.path().join("tls.crt"), dir.path().join("tls.key"));
    std::fs::write(&certificate, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    TlsSettings {
        certificate,
        key,
        client_ca: None,
        client_name: None,
    }
}

#[test]
fn changed_files_are_taken_over_and_unfit_ones_are_not() {
    let dir = TempDir::new().unwrap();
    let tls = Tls::load(write_pair(&dir)).unwrap();
    let in_force = || Arc::clone(&tls.current.borrow());
    let first = in_force();

    let mut stamps = tls.stamps.clone();
    tls.refresh(&mut stamps);
    assert!(
        Arc::ptr_eq(&first, &in_force()),
        "read again though nothing has changed"
    );

    // Stamps of another time stand for files that have changed since.
    let long_ago = vec![Some(SystemTime::UNIX_EPOCH); 2];
    std::fs::write(&tls.settings.certificate, "half a certif").unwrap();
    let mut stamps = long_ago.clone();
    tls.refresh(&mut stamps);
    assert!(
        Arc::ptr_eq(&first, &in_force()),
        "an unfit certificate was taken over"
    );
    assert_eq!(stamps, long_ago, "an unfit certificate is looked at again");

    write_pair(&dir);
    tls.refresh(&mut stamps);
    assert!(
        !Arc::ptr_eq(&first, &in_force()),
        "the new certificate was not taken over"
    );
    assert_ne!(stamps, long_ago);
}

#[test]
fn files_that_do_not_fit_are_named_and_never_quoted() {
    let (dir, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let good = write_pair(&dir);
    let bad_key = dir.path().join("bad.key");
    std::fs::write(&bad_key, "-----BEGIN PRIVATE KEY-----\nsec-ret\n").unwrap();
    let bad = |key: PathBuf| TlsSettings {
        key,
        ..good.clone()
    };
    let error = Tls::load(bad(bad_key)).unwrap_err().to_string();
    assert!(
        error.contains("tls.key") && error.contains("bad.key"),
        "{error}"
    );
    assert!(!error.contains("sec-ret"), "{error}");
    let error = Tls::load(bad("/nowhere.key".into()))
        .unwrap_err()
        .to_string();
    assert!(error.contains("/nowhere.key"), "{error}");
    let error = Tls::load(bad(write_pair(&other).key)).unwrap_err();
    assert!(matches!(error, TlsError::Rustls(_)), "{error}");
    let empty = dir.path().join("empty.crt");
    std::fs::write(&empty, "").unwrap();
    let error = Tls::load(TlsSettings {
        certificate: empty,
        ..good.clone()
    });
    assert!(matches!(error, Err(TlsError::Empty { .. })));
}

#[test]
fn half_a_section_is_refused() {
    let complete = [
        ("tls.certificate", "c"),
        ("tls.key", "k"),
        ("tls.client_ca", "a"),
        ("tls.client_name", "n"),
    ];
    assert!(
        TlsSettings::from_lookup(&MapLookup::from(complete))
            .unwrap()
            .is_some()
    );
    assert!(
        TlsSettings::from_lookup(&MapLookup::default())
            .unwrap()
            .is_none()
    );
    for missing in ["tls.certificate", "tls.key", "tls.client_ca"] {
        let rest = complete.into_iter().filter(|(key, _)| *key != missing);
        let error = TlsSettings::from_lookup(&rest.collect::<MapLookup>())
            .unwrap_err()
            .to_string();
        assert!(error.contains(missing), "{error}");
    }
}
