//! The framed protocol: its codec, a monitor's checks of its engine, and what a gateway holds.

use std::{
    hint::black_box,
    net::TcpListener,
    time::{Duration, Instant},
};

use evcharging_common::{
    error::Error,
    framed::{self, FrameReader, FrameWriter, Message, Unit, decode},
};
use tokio::{net::TcpStream, process::Child};

use crate::{
    network::Network,
    process::Usage,
    programs,
    table::{Table, grouped, per_second, thousandths},
};

/// Charge points that are linked at a time, and drivers that wait.
const CONNECTIONS: usize = 2_000;
/// A linked charge point has to say something within six seconds.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How long the connections stand idle before the memory is looked at.
const SETTLE: Duration = Duration::from_secs(6);
/// How long a process may take to listen.
const START_DEADLINE: Duration = Duration::from_secs(20);

type Talk = (FrameReader, FrameWriter);

/// Measures all three.
pub async fn measure(duration: Duration, table: &mut Table) -> Result<(), Error> {
    codec(duration / 2, table)?;
    health_checks(duration, table).await?;
    connections(table).await
}

/// A reading a second is what most frames are.
fn codec(duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!("Frames of readings are read, written, and searched for their end alone ...");
    let mut stream = Vec::new();
    let mut count = 0_usize;
    while stream.len() < 1_000_000 {
        reading(i64::try_from(count).unwrap_or_default()).encode(&mut stream).map_err(Error::internal)?;
        count += 1;
    }
    let read = repeat(duration, || {
        let mut rest = stream.as_slice();
        while let Some((unit, taken)) = decode(rest) {
            if let Ok(Unit::Frame(payload)) = unit {
                let _ = black_box(Message::parse(payload));
            }
            rest = &rest[taken..];
        }
    });
    let decoded = repeat(duration, || {
        let mut rest = stream.as_slice();
        while let Some((unit, taken)) = decode(rest) {
            let _ = black_box(unit);
            rest = &rest[taken..];
        }
    });
    let searched = repeat(duration, || {
        let mut rest = stream.as_slice();
        while let Some(end) = memchr::memchr(3, rest) {
            black_box(end);
            rest = &rest[(end + 2).min(rest.len())..];
        }
    });
    let mut sent = Vec::with_capacity(stream.len());
    let written = repeat(duration, || {
        sent.clear();
        for seq in 0..i64::try_from(count).unwrap_or_default() {
            let _ = black_box(reading(seq).encode(&mut sent));
        }
    });
    let rate = |(rounds, elapsed): (usize, Duration)| per_second(rounds * count, elapsed);
    table.add("framed codec: frames decoded a second, one core", rate(decoded), "");
    table.add("framed codec: frames decoded and parsed a second", rate(read), "");
    table.add("framed codec: frames written a second", rate(written), "");
    table.add("memchr alone, to the end of each frame: frames a second", rate(searched), "");
    let nanoseconds = |(rounds, elapsed): (usize, Duration)| elapsed.as_nanos() / rounds.max(1) as u128;
    let share = nanoseconds(searched) * 1_000_000 / nanoseconds(decoded).max(1) / 1_000;
    table.add("framed codec, decoding, beside that", format!("{} times", thousandths(share)), "");
    Ok(())
}

fn reading(seq: i64) -> Message<'static> {
    Message::Reading {
        cp_id: "MAD-01",
        session_id: "01a2165c-dd5f-7035-927a-b1bde858a140",
        seq,
        register_mwh: 7_901_641_560_555 + seq * 6_111,
        power_w: 22_000,
        cost_micros: None,
    }
}

/// So many rounds in so much time.
fn repeat(duration: Duration, mut round: impl FnMut()) -> (usize, Duration) {
    let (began, mut rounds) = (Instant::now(), 0);
    while began.elapsed() < duration {
        round();
        rounds += 1;
    }
    (rounds, began.elapsed())
}

/// One monitor asks an engine as fast as it answers.
async fn health_checks(duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!("A monitor checks its engine over and over ...");
    let [listen, listen_framed] = [free_address()?, free_address()?];
    let mut engine = programs::quietly("cp-engine")?;
    engine.args(["--cp-id", "MAD-01", "--listen", &listen, "--listen-framed", &listen_framed]);
    let engine = engine.spawn().map_err(Error::internal)?;
    let (mut reader, mut writer) = connect(&listen_framed).await?;
    let (began, mut checks) = (Instant::now(), 0_usize);
    while began.elapsed() < duration {
        writer.say(&Message::CheckHealth { cp_id: "MAD-01" })?;
        writer.flush().await.map_err(Error::internal)?;
        loop {
            match reader.next_unit() {
                Some(Ok(Unit::Frame(payload))) => {
                    debug_assert!(payload.starts_with("HCK_RESP"));
                    writer.ack();
                    break;
                }
                Some(_) => drop(writer.answered()),
                None => reader.fill().await.map_err(Error::internal)?,
            }
        }
        checks += 1;
    }
    table.add(
        "HCK by frames, one after the other: round trips a second",
        per_second(checks, began.elapsed()),
        "",
    );
    drop(engine);
    Ok(())
}

/// Opens connections to a gateway of its own beside a network and looks at what each costs it.
async fn connections(table: &mut Table) -> Result<(), Error> {
    eprintln!("{CONNECTIONS} charge points and as many drivers connect to a gateway ...");
    let network = Network::start(&["--charge-points=0".to_owned(), "--drivers=1".to_owned()]).await?;
    let (gateway, address) = start_gateway(&network).await?;
    let usage = Usage::of(gateway.id().unwrap_or_default());
    let alone_kib = usage.resident_kib()?;

    let mut drivers = Vec::new();
    for number in 0..CONNECTIONS {
        let mut talk = connect(&address).await?;
        // It listens for a driver, and nothing is said to that one.
        let driver_id = format!("waits-{number}");
        let session_id = format!("none-{number}");
        let message = Message::Start {
            session_id: &session_id,
            driver_id: &driver_id,
            limit_mwh: 0,
            traceparent: None,
        };
        ask(&mut talk, &message).await?;
        drivers.push(talk);
    }
    tokio::time::sleep(SETTLE).await;
    let with_drivers_kib = usage.resident_kib()?;
    let each = |before: u64, after: u64| {
        format!("{} KiB", thousandths(u128::from(after.saturating_sub(before)) * 1_000 / CONNECTIONS as u128))
    };
    table.add("gateway: connections of drivers that wait", grouped(CONNECTIONS as u128), "");
    table.add("gateway: memory for each", each(alone_kib, with_drivers_kib), "under 16 KiB");
    drop(drivers);
    drop(gateway);

    let (gateway, address) = start_gateway(&network).await?;
    let usage = Usage::of(gateway.id().unwrap_or_default());
    let alone_kib = usage.resident_kib()?;
    let mut charge_points: Vec<Talk> = Vec::new();
    let mut alive_at = Instant::now();
    for number in 0..CONNECTIONS {
        let cp_id = format!("FRAMED-{number:04}");
        let mut talk = connect(&address).await?;
        let register = Message::Register {
            cp_id: &cp_id,
            location: "Bench",
            price_micros_per_kwh: 400_000,
            max_power_w: None,
        };
        ask(&mut talk, &register).await?;
        ask(&mut talk, &Message::Authenticate { cp_id: &cp_id, key: "a-key-of-a-bench" }).await?;
        charge_points.push(talk);
        if alive_at.elapsed() > SIGN_OF_LIFE {
            live(&mut charge_points).await?;
            alive_at = Instant::now();
        }
    }
    let settled_at = Instant::now() + SETTLE;
    while Instant::now() < settled_at {
        live(&mut charge_points).await?;
        tokio::time::sleep(SIGN_OF_LIFE).await;
    }
    live(&mut charge_points).await?;
    let with_charge_points_kib = usage.resident_kib()?;
    table.add("gateway: charge points linked", grouped(charge_points.len() as u128), "");
    table.add(
        "gateway: memory for each, its link to cp-registry included",
        each(alone_kib, with_charge_points_kib),
        "under 16 KiB",
    );
    drop(charge_points);
    drop(gateway);
    network.stop().await
}

/// Each says that it lives, and takes what came meanwhile.
async fn live(talks: &mut [Talk]) -> Result<(), Error> {
    for (reader, writer) in talks {
        writer.enq();
        writer.flush().await.map_err(Error::internal)?;
        let mut is_answered = false;
        while !is_answered {
            match reader.next_unit() {
                Some(Ok(Unit::Frame(_))) => writer.ack(),
                Some(Ok(Unit::Ack)) => {
                    is_answered = true;
                    drop(writer.answered());
                }
                Some(other) => return Err(Error::internal(format!("the gateway said {other:?}"))),
                None => reader.fill().await.map_err(Error::internal)?,
            }
        }
    }
    Ok(())
}

async fn ask((reader, writer): &mut Talk, message: &Message<'_>) -> Result<(), Error> {
    writer.say(message)?;
    writer.flush().await.map_err(Error::internal)?;
    loop {
        match reader.next_unit() {
            Some(Ok(Unit::Ack)) => {
                drop(writer.answered());
                return Ok(());
            }
            Some(Ok(Unit::Nak(reason))) => return Err(framed::refused(reason)),
            Some(_) => writer.ack(),
            None => reader.fill().await.map_err(Error::internal)?,
        }
    }
}

async fn start_gateway(network: &Network) -> Result<(Child, String), Error> {
    let (listen, framed_listen) = (free_address()?, free_address()?);
    let mut gateway = programs::quietly("gateway")?;
    gateway
        .arg(format!("--listen={listen}"))
        .arg(format!("--framed-listen={framed_listen}"))
        .arg(format!("--kafka-bootstrap-servers={}", network.addresses().kafka))
        .arg(format!("--cp-registry-address={}", network.addresses().cp_registry));
    let gateway = gateway.spawn().map_err(Error::internal)?;
    connect(&framed_listen).await?;
    // Until it follows what drivers are told.
    tokio::time::sleep(SETTLE / 2).await;
    Ok((gateway, framed_listen))
}

/// As soon as somebody listens there.
async fn connect(address: &str) -> Result<Talk, Error> {
    let deadline = Instant::now() + START_DEADLINE;
    while TcpStream::connect(address).await.is_err() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    framed::connect(address, None).await
}

fn free_address() -> Result<String, Error> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(Error::internal)?;
    listener.local_addr().map(|address| address.to_string()).map_err(Error::internal)
}
