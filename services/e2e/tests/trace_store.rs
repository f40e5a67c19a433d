//! A charge as its trace store shows it: one tree through every process, and no harm from a store that is slow or away.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use evcharging_common::pb::session::v1::ListTicketsRequest;
use evcharging_testkit::{NetworkOptions, Process, StoredSpan, TestNetwork, TraceStore, eventually};

const RESERVE: &str = "evcharging.session.v1.SessionService/Reserve";
const END_SUPPLY: &str = "evcharging.session.v1.SessionService/EndSupply";
const START: &str = "evcharging.engine.v1.EngineService/Start";

/// A span as service, kind and name.
type Described<'a> = (&'a str, &'a str, &'a str);

/// Each span that must be there, and the one that it hangs on.
fn edges() -> Vec<(Described<'static>, Described<'static>)> {
    let charge = ("driver", "internal", "charge");
    let requested = ("driver", "producer", "send driver_requests");
    let deciding = ("authorization", "consumer", "process driver_requests");
    let reserving = ("authorization", "client", RESERVE);
    let answered = ("authorization", "producer", "send driver_notifications");
    let plugged_in = ("driver", "producer", "send driver_events");
    let beginning = ("session", "consumer", "process driver_events");
    let commanded = ("session", "producer", "send central_commands");
    let carrying = ("cp-registry", "consumer", "process central_commands");
    let obeying = ("cp-monitor", "internal", "command START");
    let starting = ("cp-monitor", "client", START);
    let started = ("cp-engine", "server", START);
    let measured = ("cp-engine", "producer", "send cp_telemetry");
    let metering = ("telemetry-ingest", "consumer", "process cp_telemetry");
    let ending = ("telemetry-ingest", "client", END_SUPPLY);
    let ended = ("session", "server", END_SUPPLY);
    let billed = ("session", "producer", "send driver_notifications");
    let heard = ("driver", "consumer", "process driver_notifications");
    vec![
        (requested, charge),
        (deciding, requested),
        (reserving, deciding),
        (("session", "server", RESERVE), reserving),
        (answered, deciding),
        (heard, answered),
        (plugged_in, charge),
        (beginning, plugged_in),
        (commanded, beginning),
        (carrying, commanded),
        (obeying, carrying),
        (starting, obeying),
        (started, starting),
        (measured, started),
        (metering, measured),
        (ending, metering),
        (ended, ending),
        (billed, ended),
        (heard, billed),
    ]
}

fn described(span: &StoredSpan) -> Described<'_> {
    (&span.service, &span.kind, &span.name)
}

fn parent<'a>(spans: &'a [StoredSpan], span: &StoredSpan) -> Option<&'a StoredSpan> {
    spans.iter().find(|other| other.span_id == span.parent_span_id)
}

/// Charges once by the driver's app, and tells the id of the charge's trace.
async fn charge(network: &TestNetwork) -> String {
    let folder = tempfile::tempdir().unwrap();
    let requests = folder.path().join("requests.txt");
    std::fs::write(&requests, "MAD-01 0.05kWh\n").unwrap();
    let requests = requests.display().to_string();
    let driver = ["driver", "--driver-id", "driver1", "--requests-file", &requests].map(str::to_owned);
    let flags = [driver.to_vec(), network.broker.flags(), network.otlp_flags.clone()].concat();
    let mut driver = Process::start("driver", &flags);
    assert_eq!(driver.wait(Duration::from_secs(60)), 0, "{}", driver.output());
    let request = ListTicketsRequest { driver_id: "driver1".into(), ..Default::default() };
    let tickets = network.sessions().list_tickets(request).await.unwrap().into_inner().tickets;
    let trace_id = tickets[0].trace_id.clone();
    assert!(driver.output().contains(&trace_id), "the driver reads it on the ticket");
    trace_id
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a trace store: tools/with-backends --only tempo cargo test -p evcharging-e2e -- --ignored"]
async fn a_charge_is_one_tree_from_the_request_to_the_ticket() {
    let store = TraceStore::of_environment();
    let otlp_url = Some(store.otlp_url.clone());
    let mut network = TestNetwork::start_with(NetworkOptions { otlp_url, ..NetworkOptions::default() }).await;
    network.add_charge_point("MAD-01").await;
    network.create_driver("driver1", 50_000_000).await;
    let trace_id = charge(&network).await;

    // Each process sends what it has every few seconds.
    let spans = eventually("the store has every step of the charge, in one tree", async || {
        let spans = store.trace(&trace_id);
        let is_there = |(child, above): &_| {
            let children = spans.iter().filter(|span| described(span) == *child);
            children.filter_map(|span| parent(&spans, span)).any(|span| described(span) == *above)
        };
        let roots = spans.iter().filter(|span| parent(&spans, span).is_none()).map(described);
        let is_whole = roots.collect::<Vec<_>>() == [("driver", "internal", "charge")];
        (is_whole && edges().iter().all(is_there)).then_some(spans)
    })
    .await;

    // The conventions, one span of each kind.
    let find = |wanted: Described<'_>| spans.iter().find(|span| described(span) == wanted).unwrap();
    let reserved = find(("session", "server", RESERVE));
    for (span, attributes) in [
        (reserved, [("rpc.system.name", "grpc"), ("rpc.method", RESERVE), ("rpc.status_code", "OK")]),
        (
            find(("driver", "producer", "send driver_requests")),
            [
                ("messaging.system.name", "kafka"),
                ("messaging.operation.type", "send"),
                ("messaging.destination.name", "driver_requests"),
            ],
        ),
    ] {
        for (key, value) in attributes {
            assert_eq!(span.attribute(key).as_deref(), Some(value), "{key} of {}", span.name);
        }
    }

    // One batch serves many calls, so it has a trace of its own, with its statements; both lead to each other.
    let (batch_trace, batch_span) = reserved.links.first().expect("a link with the batch");
    let batch = store.trace(batch_trace);
    let root = batch.iter().find(|span| span.span_id == *batch_span).expect("the batch");
    assert!(root.links.contains(&(trace_id.clone(), reserved.span_id.clone())));
    let statements: Vec<_> = batch.iter().filter(|span| span.parent_span_id == root.span_id).collect();
    for name in ["begin", "load_charge_points", "commit"] {
        let statement = statements.iter().find(|span| span.name == name).expect(name);
        assert_eq!(statement.kind, "client");
        assert!(
            statement.attribute("db.system.name").is_some() && statement.attribute("db.query.text").is_some()
        );
    }
}

/// A charge goes its way, and processes end in time, whatever becomes of their spans.
async fn charge_without_a_store(otlp_url: String) {
    let options = NetworkOptions { otlp_url: Some(otlp_url), ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    network.create_driver("driver1", 50_000_000).await;
    charge(&network).await;
    network.session.wait_for_line("the trace collector does not take spans");
    let said = network.session.output().matches("the trace collector does not").count();
    assert_eq!(said, 1, "once, and not for each span");
    let services = [&mut network.session, &mut network.authorization, &mut network.telemetry];
    for service in services {
        service.terminate();
        assert_eq!(service.wait(Duration::from_secs(8)), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_slows_nothing() {
    // The port of nobody: it was free a moment ago.
    let [address] = evcharging_testkit::free_addresses();
    charge_without_a_store(format!("http://{address}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_never_answers_slows_nothing() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    let accepting = tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    charge_without_a_store(format!("http://{address}")).await;
    accepting.abort();
}
