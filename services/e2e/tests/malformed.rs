//! Malformed input at every door gets a clear error and takes nothing else down.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use evcharging_common::{
    kafka::{self, topics},
    pb::{
        authorization::v1::AuthorizeRequest,
        cp_registry::v1::GetChargePointRequest,
        events::v1::DeadLetter,
        session::v1::{GetSessionRequest, ListSessionsRequest, TopUpRequest},
    },
    shutdown::CancellationToken,
    vocabulary::ChargePointStatus,
};
use evcharging_testkit::{Process, TestNetwork};
use tonic::{Code, Status};
use tonic_types::StatusExt;

#[tokio::test(flavor = "multi_thread")]
async fn unreadable_kafka_records_are_set_aside_and_the_partition_goes_on() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    let kafka = network.broker.config();
    let mut letters = kafka::follow::<DeadLetter>(&kafka, "test", CancellationToken::new()).await.unwrap();

    let huge = format!(r#"{{"authorization_request":{{"request_id":"{}"}}}}"#, "x".repeat(300_000));
    for (topic, value, reason) in [
        (topics::DRIVER_REQUESTS, "{not json", "not a JSON message"),
        (
            topics::DRIVER_REQUESTS,
            r#"{"authorization_request":{"request_id":"r 1","driver_id":""}}"#,
            "driver_id",
        ),
        (topics::DRIVER_REQUESTS, &huge, "more than"),
        (topics::DRIVER_EVENTS, r#"{"charging_began":{}}"#, "charging_began"),
        (topics::DRIVER_EVENTS, r#"{"charging_started":{"driver_id":"driver1"}}"#, "cp_id"),
        (
            topics::CP_TELEMETRY,
            r#"{"consumption":{"session_id":"s","cp_id":"MAD-01","seq":"1","register_mwh":"-5"}}"#,
            "register_mwh",
        ),
        (
            topics::CP_TELEMETRY,
            r#"{"consumption":{"session_id":"s","cp_id":"MAD-01","seq":"1","register_mwh":"5"}}"#,
            "SESSION_UNKNOWN",
        ),
    ] {
        network.broker.send_bare(topic, "driver1", value.as_bytes());
        let heard = tokio::time::timeout(Duration::from_secs(30), letters.recv()).await;
        let letter = heard.unwrap_or_else(|_| panic!("no dead letter for {reason}")).unwrap().event;
        assert_eq!(letter.source_topic, topic);
        assert!(letter.reason.contains(reason), "{reason}: {}", letter.reason);
        assert!(letter.value.len() <= 64 * 1024 && letter.value_bytes == i64::try_from(value.len()).unwrap());
    }

    // Every partition goes on.
    driver.charge("MAD-01").await;
    driver.stop("MAD-01").await;
    driver.ticket().await;
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

fn violated_field(status: &Status) -> String {
    let details = status.get_error_details();
    details.bad_request().map(|bad| bad.field_violations[0].field.clone()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_calls_say_what_is_wrong() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut authorizations = network.authorizations();
    let wrong =
        AuthorizeRequest { request_id: "r-1".into(), driver_id: "not an id".into(), ..Default::default() };
    let status = authorizations.authorize(wrong).await.unwrap_err();
    assert_eq!((status.code(), violated_field(&status).as_str()), (Code::InvalidArgument, "driver_id"));

    let mut sessions = network.sessions();
    let status = sessions.get_session(GetSessionRequest { session_id: "s-404".into() }).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "SESSION_UNKNOWN"));
    let page = ListSessionsRequest { page_size: 100_000, ..Default::default() };
    assert_eq!(violated_field(&sessions.list_sessions(page).await.unwrap_err()), "page_size");

    let status = network
        .registry()
        .get_charge_point(GetChargePointRequest { cp_id: "XXX-01".into() })
        .await
        .unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::NotFound, "CP_UNKNOWN"));

    let top_up = TopUpRequest { top_up_id: "t".into(), driver_id: "driver1".into(), amount_micros: -1 };
    assert_eq!(violated_field(&network.network_writes().top_up(top_up).await.unwrap_err()), "amount_micros");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_with_a_wrong_key_is_kept_out() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let engine_url = network.charge_points["MAD-01"].engine_address.clone();
    let intruder = network.monitor_arguments("MAD-01", &engine_url, None, "another-key-entirely");
    let mut intruder = Process::start("intruder", &intruder);
    intruder.wait_for_line("key");
    network.wait_for_status("MAD-01", ChargePointStatus::Available).await;
}

#[test]
fn bad_flags_and_files_end_with_a_message_before_anything_starts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests.txt");
    std::fs::write(&file, "MAD-01 2kWh\nMAD-02 soon\n").unwrap();
    let file = file.display().to_string();
    let network_file = folder.path().join("network.toml");
    std::fs::write(
        &network_file,
        "[[charge_points]]\nid = \"MAD 01\"\nlocation = \"Madrid\"\nprice = \"0.40\"\nmax_power_kw = 50\n",
    )
    .unwrap();
    let network_file = network_file.display().to_string();
    let data_dir = folder.path().join("data").display().to_string();
    for (arguments, code, said) in [
        (
            vec![
                "driver",
                "--driver-id",
                "driver1",
                "--requests-file",
                &file,
                "--kafka-bootstrap-servers",
                "127.0.0.1:1",
            ],
            2,
            "line 2",
        ),
        (vec!["driver", "--driver-id", "a driver", "--requests-file", &file], 2, "driver"),
        (vec!["up", "--charge-points", "many"], 2, "many"),
        (vec!["up", "--network", &network_file, "--data-dir", &data_dir], 1, "MAD 01"),
        (vec!["session", "--reservation-ms=-5"], 2, "reservation-ms"),
        (
            vec![
                "cp-monitor",
                "--cp-id",
                "MAD-01",
                "--location",
                "x",
                "--price",
                "cheap",
                "--key",
                "12345678",
            ],
            2,
            "cheap",
        ),
        (vec!["telemetry"], 2, "telemetry"),
    ] {
        let arguments: Vec<String> = arguments.into_iter().map(str::to_owned).collect();
        let mut process = Process::start(&arguments.join(" "), &arguments);
        assert_eq!(process.wait(Duration::from_secs(20)), code, "{arguments:?}: {}", process.output());
        assert!(process.output().contains(said), "{arguments:?}: {}", process.output());
        assert!(!process.output().contains("panicked"), "{}", process.output());
    }
}
