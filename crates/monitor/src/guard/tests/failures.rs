//! Many failures.

use super::*;

#[tokio::test]
async fn thirty_wrong_tokens_in_a_row_are_slowed_and_a_good_one_is_not() {
    let fixture = Fixture::new();
    for count in 0..30 {
        let answer = fixture.show(PAUSE, &format!("wpk_{count}"), HERE).await;
        if count < 10 {
            assert_eq!(answer.code, Code::Unauthenticated, "{count}");
            assert_eq!(answer.header("retry-after"), None);
        } else {
            assert_eq!(answer.code, Code::ResourceExhausted, "{count}");
            assert_eq!(answer.reason(), "TOO_MANY_FAILURES");
            let wait = answer.details.retry_info().unwrap().retry_delay.unwrap();
            assert!((1..=6).contains(&wait.as_secs()), "{wait:?}");
            let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=6).contains(&seconds), "{seconds}");
        }
        // Whoever has a good token does not notice.
        let good = fixture.as_role(STATS, Role::Viewer).await;
        assert_eq!(good.code, Code::Ok, "{count}");
    }
    // Nor does somebody elsewhere, and who has none yet is asked for one.
    let elsewhere = fixture.show(STATS, "wpk_", "192.0.2.8").await;
    assert_eq!(elsewhere.code, Code::Unauthenticated);
    let none = Answer::of(fixture.call(request(STATS, &[], Some(HERE))).await);
    assert_eq!(none.reason(), "TOKEN_MISSING");
    assert_eq!(fixture.take_reached().len(), 30);
    let told = fixture.take_refused();
    assert_eq!(told.len(), 10);
    assert!(told.iter().all(|told| told.caller.is_empty()
        && told.role.is_none()
        && told.reason == "TOKEN_UNKNOWN"
        && told.method == "QueueService.Pause"));
}

#[tokio::test]
async fn a_network_of_ipv6_is_one_and_an_ipv4_address_is_itself() {
    let fixture = Fixture::new();
    for count in 0..10 {
        let address = format!("2001:db8:0:1::{count:x}");
        let answer = fixture.show(STATS, "wpk_", &address).await;
        assert_eq!(answer.code, Code::Unauthenticated);
        let mapped = format!("::ffff:192.0.2.{}", count % 2);
        let answer = fixture.show(STATS, "wpk_", &mapped).await;
        assert_eq!(answer.code, Code::Unauthenticated);
    }
    for (address, wanted) in [
        ("2001:db8:0:1:ffff:ffff:ffff:ffff", Code::ResourceExhausted),
        ("2001:db8:0:2::1", Code::Unauthenticated),
        // Five of each so far: mapped and plain are the same.
        ("192.0.2.0", Code::Unauthenticated),
        ("192.0.2.9", Code::Unauthenticated),
    ] {
        let answer = fixture.show(STATS, "wpk_", address).await;
        assert_eq!(answer.code, wanted, "{address}");
    }
    for _ in 0..4 {
        let answer = fixture.show(STATS, "wpk_", "192.0.2.0").await;
        assert_eq!(answer.code, Code::Unauthenticated);
    }
    for address in ["192.0.2.0", "::ffff:192.0.2.0"] {
        let answer = fixture.show(STATS, "wpk_", address).await;
        assert_eq!(answer.code, Code::ResourceExhausted, "{address}");
    }
    let answer = fixture.show(STATS, fixture.token(Role::Viewer), "::ffff:192.0.2.0");
    assert_eq!(answer.await.code, Code::Ok);
    let caller = fixture.take_reached().pop().unwrap().caller.unwrap();
    assert_eq!(caller.address, "192.0.2.0".parse().ok());
}

#[tokio::test]
async fn nobody_can_fill_the_audit_or_hide_in_the_noise() {
    let fixture = Fixture::new();
    let mut told = Vec::new();
    let networks = (0..30).map(|network| format!("2001:db8:0:{network:x}::1"));
    for address in networks.chain([HERE.to_owned()]) {
        for _ in 0..20 {
            let answer = Answer::of(fixture.call(request(PAUSE, &[], Some(&address))).await);
            // However often: it is no guess, and the answer costs nothing.
            assert_eq!(answer.reason(), "TOKEN_MISSING");
        }
        told.extend(fixture.take_refused());
    }
    assert!((100..110).contains(&told.len()), "{}", told.len());
    // A viewer who tries from where strangers did is told all the same, and how many were not.
    let mut viewer = Vec::new();
    for _ in 0..20 {
        fixture.as_role(PAUSE, Role::Viewer).await;
        viewer.extend(fixture.take_refused());
    }
    assert_eq!(viewer.len(), 10);
    assert!(viewer.iter().all(|told| told.caller == "viewer"));
    assert!(viewer[0].reason.starts_with("ROLE_TOO_LOW; "));
    assert!(viewer[1..].iter().all(|told| told.reason == "ROLE_TOO_LOW"));
    let untold = |told: &Refused| -> usize {
        let some = told.reason.split_once("; ").map(|(_, some)| some);
        some.map_or(0, |some| {
            some.strip_suffix(" more before it")
                .unwrap()
                .parse()
                .unwrap()
        })
    };
    let untold: usize = told.iter().chain(&viewer).map(untold).sum();
    assert_eq!(told.len() + untold, 31 * 20);
    // Reading what one may not read is no change.
    let fixture = Fixture::new();
    let answer = fixture.as_role("/waypost.v1.AuditService/List", Role::Viewer);
    assert_eq!(answer.await.code, Code::PermissionDenied);
    assert!(fixture.take_refused().is_empty());
}
