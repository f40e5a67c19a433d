//! Meter readings through telemetry-ingest, beside a client that reads the same topic and drops it.

use std::time::{Duration, Instant};

use evcharging_common::{
    clock,
    error::Error,
    kafka::{KafkaConfig, OutgoingRecord, Producer},
    pb::events::v1::{Consumption, CpTelemetry},
};
use evcharging_session::command::MeterReading;
use futures::future::join_all;
use rdkafka::{
    Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};

use crate::{
    commands::{Charger, TRACEPARENT},
    process::Usage,
    replica::Replica,
    servers::{Prepared, kafka_flags},
    services::Service,
    table::{Table, per_second, thousandths},
};

/// Sessions that are being supplied.
const SESSIONS: usize = 1_000;
/// Readings of each.
const READINGS: i64 = 1_000;
/// Records that are sent at a time.
const PAGE: usize = 5_000;
const KAFKA_DEADLINE: Duration = Duration::from_secs(10);
/// How long reading all of them may take.
const DEADLINE: Duration = Duration::from_secs(300);

/// Fills a topic with readings of sessions that are being supplied, and reads it twice.
pub async fn measure(prepared: &Prepared, table: &mut Table) -> Result<(), Error> {
    eprintln!("{SESSIONS} sessions are begun, with {READINGS} readings each ...");
    let replica = Replica::start(&prepared.session_url).await?;
    let mut chargers: Vec<Charger> = (0..SESSIONS).map(Charger::new).collect();
    replica.introduce(&chargers).await?;
    let supplied = replica.begin_charges(&mut chargers).await?;
    replica.stop().await?;
    fill(&prepared.kafka, &supplied).await?;
    let all = SESSIONS * usize::try_from(READINGS).unwrap_or_default();

    eprintln!("A client reads them and drops them ...");
    let kafka = prepared.kafka.clone();
    let dropping = tokio::task::spawn_blocking(move || read_and_drop(&kafka, all));
    let dropped = dropping.await.map_err(Error::internal)??;
    table.add(
        "reading meter readings and dropping them: readings a second, one core",
        per_second(all, dropped),
        "",
    );

    eprintln!("telemetry-ingest reads them ...");
    let session = prepared.session().await?;
    let mut arguments = kafka_flags(&prepared.kafka).to_vec();
    arguments.extend(["--session-address".to_owned(), session.address().to_owned()]);
    let began = Instant::now();
    let ingest = Service::start("telemetry-ingest", &arguments)?;
    ingest.serving().await?;
    wait_until_read(&prepared.kafka, all).await?;
    let (cpu, elapsed) = (ingest.usage().cpu()?, began.elapsed());
    table.add("telemetry-ingest: readings a second, one core", per_second(all, cpu), "250,000");
    let share = dropped.as_micros() * 1_000 / cpu.as_micros().max(1);
    table.add("telemetry-ingest beside dropping them", format!("{} times", thousandths(share)), "0.5 times");
    let name = "telemetry-ingest with session, the database and Kafka on two cores: readings a second";
    table.add(name, per_second(all, elapsed), "");
    Ok(())
}

/// Sends the readings as charge points do, all of a second before those of the next.
async fn fill(kafka: &KafkaConfig, supplied: &[MeterReading]) -> Result<(), Error> {
    let producer = Producer::new(kafka, "bench")?;
    let readings = (1..=READINGS).flat_map(|seq| supplied.iter().map(move |first| reading(first, seq)));
    let mut readings = readings.peekable();
    while readings.peek().is_some() {
        let page: Vec<OutgoingRecord> = readings.by_ref().take(PAGE).collect();
        for sent in join_all(page.iter().map(|record| producer.send_record(record))).await {
            sent?;
        }
    }
    Ok(())
}

fn reading(first: &MeterReading, seq: i64) -> OutgoingRecord {
    let event: CpTelemetry = Consumption {
        session_id: first.session_id.clone(),
        cp_id: first.cp_id.clone(),
        seq,
        register_mwh: first.register_mwh + seq * 100,
        power_w: 22_000,
        measured_at: Some(clock::to_timestamp(clock::now_ms())),
    }
    .into();
    let mut record = OutgoingRecord::new(&first.cp_id, &event);
    record.traceparent = Some(TRACEPARENT.to_owned());
    record
}

/// Reads so many records with the plainest client there is; tells how much processor time that took.
fn read_and_drop(kafka: &KafkaConfig, all: usize) -> Result<Duration, Error> {
    let (consumer, partitions) = reader(kafka, "bench")?;
    let usage = Usage::of(std::process::id());
    let (before, deadline) = (usage.cpu()?, Instant::now() + DEADLINE);
    consumer.assign(&partitions).map_err(Error::internal)?;
    let mut read = 0;
    while read < all {
        match consumer.poll(Duration::from_millis(100)) {
            Some(message) => {
                message.map_err(Error::internal)?;
                read += 1;
            }
            None if Instant::now() > deadline => return Err(Error::internal("the readings did not come")),
            None => {}
        }
    }
    Ok(usage.cpu()?.saturating_sub(before))
}

/// Waits until the group has worked on so many records.
async fn wait_until_read(kafka: &KafkaConfig, all: usize) -> Result<(), Error> {
    let kafka = kafka.clone();
    let waiting = tokio::task::spawn_blocking(move || {
        let (consumer, partitions) = reader(&kafka, "telemetry-ingest")?;
        let deadline = Instant::now() + DEADLINE;
        while Instant::now() < deadline {
            let committed =
                consumer.committed_offsets(partitions.clone(), KAFKA_DEADLINE).map_err(Error::internal)?;
            let offsets = committed.elements().into_iter().map(|element| match element.offset() {
                Offset::Offset(offset) => usize::try_from(offset).unwrap_or_default(),
                _ => 0,
            });
            if offsets.sum::<usize>() >= all {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err(Error::internal("telemetry-ingest did not work on every reading in time"))
    });
    waiting.await.map_err(Error::internal)?
}

/// A client of a group and the partitions of the readings, from their beginning.
fn reader(kafka: &KafkaConfig, group: &str) -> Result<(BaseConsumer, TopicPartitionList), Error> {
    let consumer: BaseConsumer = kafka
        .client("bench")
        .set("group.id", kafka.name_of(group))
        .set("enable.auto.commit", "false")
        .create()
        .map_err(Error::internal)?;
    let topic = kafka.name_of(evcharging_common::kafka::topics::CP_TELEMETRY);
    let metadata = consumer.fetch_metadata(Some(&topic), KAFKA_DEADLINE).map_err(Error::internal)?;
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(|topic| topic.partitions()) {
        let added = partitions.add_partition_offset(&topic, partition.id(), Offset::Beginning);
        added.map_err(Error::internal)?;
    }
    Ok((consumer, partitions))
}
