//! What a person sees once the network runs: where everything is, and what to try.

use std::{fmt::Write, path::Path};

use evcharging_common::address_file::Addresses;

use crate::services::{DEMO_OPERATOR, DEMO_PASSWORD};

/// What the table tells.
pub struct AddressTable<'a> {
    /// Where the services and Kafka are.
    pub addresses: &'a Addresses,
    /// Whether Kafka is the embedded one.
    pub kafka_is_embedded: bool,
    /// The database file.
    pub database: &'a str,
    /// The data folder.
    pub data_dir: &'a Path,
    /// How this program was called.
    pub program: &'a str,
    /// What to add to commands so that they find this network: empty for the default folder.
    pub location_flag: &'a str,
    /// Whether everybody may log in at the pages.
    pub has_demo_users: bool,
    /// A driver of the network.
    pub driver_id: Option<&'a str>,
    /// How many charge points are connected.
    pub connected: usize,
    /// How many there are.
    pub charge_points: usize,
    /// How many drivers.
    pub drivers: usize,
}

impl AddressTable<'_> {
    /// The table as lines of text.
    pub fn render(&self) -> String {
        let addresses = self.addresses;
        let kafka = if self.kafka_is_embedded { "embedded; kcat -b works too" } else { "as given" };
        let rows = [
            ("authorization", addresses.authorization.as_str(), "gRPC: who may charge where"),
            ("session", &addresses.session, "gRPC: reservations, sessions, tickets; the only writer"),
            ("cp-registry", &addresses.cp_registry, "gRPC: charge points and operators' commands"),
            ("telemetry", &addresses.telemetry, "gRPC: live energy and cost"),
            ("gateway", &addresses.gateway, "framed TCP: charge points and drivers on plain sockets"),
            ("Kafka", &addresses.kafka, kafka),
        ];
        let width = rows.iter().map(|(_, address, _)| address.len()).max().unwrap_or(0);
        let mut text = format!(
            "\nEVCharging runs: {} of {} charge points connected, {} drivers.\n\n",
            self.connected, self.charge_points, self.drivers
        );
        for (name, address, remark) in rows {
            // Writing into a String can't fail.
            let _ = writeln!(text, "  {name:<14} {address:<width$}  {remark}");
        }
        let _ = writeln!(text, "  {:<14} {}", "database", self.database);
        let _ = writeln!(text, "  {:<14} {}", "data folder", self.data_dir.display());
        let (driver, operator) = if self.has_demo_users {
            let _ = writeln!(text, "\nIn a browser, with the password {DEMO_PASSWORD} that everybody knows:");
            (
                format!("charge as {}", self.driver_id.unwrap_or("a driver")),
                format!("run the network as {DEMO_OPERATOR}"),
            )
        } else {
            let _ = writeln!(text, "\nIn a browser, for users that `evcharging admin create-user` makes:");
            ("charge".to_owned(), "run the network".to_owned())
        };
        let _ = writeln!(text, "  {}  {driver}", addresses.driver_page);
        let _ = writeln!(text, "  {}  {operator}", addresses.operator_page);
        let _ = writeln!(text, "\nIn another terminal, look at it:");
        let _ = writeln!(text, "  {} show charge-points{}", self.program, self.location_flag);
        let registry = addresses.cp_registry.trim_start_matches("http://");
        let _ = writeln!(
            text,
            "  grpcurl -plaintext {registry} evcharging.cp_registry.v1.RegistryService/ListChargePoints"
        );
        if let Some(driver_id) = self.driver_id {
            let _ = writeln!(text, "and charge:");
            let _ = writeln!(
                text,
                "  {} driver --driver-id {driver_id} --requests-file examples/requests.txt{}",
                self.program, self.location_flag
            );
        }
        text.push_str("\nCtrl-C stops it; open sessions are ended and billed.\n");
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_and_a_line_to_try_are_told_in_aligned_columns() {
        let addresses = Addresses {
            pid: 1,
            kafka: "127.0.0.1:40001".into(),
            authorization: "http://127.0.0.1:50051".into(),
            session: "http://127.0.0.1:50052".into(),
            cp_registry: "http://127.0.0.1:50053".into(),
            telemetry: "http://127.0.0.1:50054".into(),
            gateway: "127.0.0.1:50055".into(),
            driver_page: "http://127.0.0.1:8001".into(),
            operator_page: "http://127.0.0.1:8000".into(),
        };
        let text = AddressTable {
            addresses: &addresses,
            kafka_is_embedded: true,
            database: "sqlite:/data/evcharging.db",
            data_dir: Path::new("/data"),
            program: "target/release/evcharging",
            location_flag: " --data-dir /data",
            has_demo_users: true,
            driver_id: Some("driver1"),
            connected: 12,
            charge_points: 12,
            drivers: 10,
        }
        .render();
        for expected in [
            "12 of 12 charge points connected, 10 drivers",
            "authorization  http://127.0.0.1:50051  gRPC",
            "session        http://127.0.0.1:50052  gRPC",
            "cp-registry    http://127.0.0.1:50053  gRPC",
            "telemetry      http://127.0.0.1:50054  gRPC",
            "Kafka          127.0.0.1:40001         embedded",
            "http://127.0.0.1:8001  charge as driver1",
            "http://127.0.0.1:8000  run the network as operator",
            "database       sqlite:/data/evcharging.db",
            "data folder    /data\n",
            "grpcurl -plaintext 127.0.0.1:50053 evcharging.cp_registry.v1.RegistryService/ListChargePoints",
            "target/release/evcharging driver --driver-id driver1 --requests-file examples/requests.txt --data-dir /data\n",
        ] {
            assert!(text.contains(expected), "{expected:?} is missing in:\n{text}");
        }
    }

    #[test]
    fn without_a_driver_no_driver_is_suggested() {
        let text = AddressTable {
            addresses: &Addresses::default(),
            kafka_is_embedded: false,
            database: "",
            data_dir: Path::new(""),
            program: "evcharging",
            location_flag: "",
            has_demo_users: false,
            driver_id: None,
            connected: 0,
            charge_points: 0,
            drivers: 0,
        }
        .render();
        assert!(!text.contains("--driver-id"), "{text}");
    }
}
