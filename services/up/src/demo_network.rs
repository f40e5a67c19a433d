//! The network that is made up when the user brings none: the same one each time, so that examples and restarts fit it.

use evcharging_common::money::{MICROS_PER_CENT, MICROS_PER_UNIT};

use crate::plan::{Plan, PlannedChargePoint, PlannedDriver, VEHICLE_ENERGY_MWH};

/// What a made-up driver starts with.
const BALANCE_MICROS: i64 = 50 * MICROS_PER_UNIT;
const POWERS_W: [i64; 6] = [50_000, 60_000, 75_000, 100_000, 120_000, 150_000];

struct City {
    code: &'static str,
    name: &'static str,
    streets: [&'static str; 3],
}

const fn city(code: &'static str, name: &'static str, streets: [&'static str; 3]) -> City {
    City { code, name, streets }
}

const CITIES: [City; 12] = [
    city("MAD", "Madrid", ["Gran Vía", "Calle de Alcalá", "Paseo de la Castellana"]),
    city("BCN", "Barcelona", ["Passeig de Gràcia", "Carrer d'Aragó", "Avinguda Diagonal"]),
    city("VLC", "Valencia", ["Carrer de Colón", "Avinguda del Port", "Carrer de la Pau"]),
    city("SVQ", "Sevilla", ["Avenida de la Constitución", "Calle Betis", "Avenida de Kansas City"]),
    city("ALC", "Alicante", ["Rambla de Méndez Núñez", "Avenida de Maisonnave", "Calle San Vicente"]),
    city("BIO", "Bilbao", ["Alameda de Recalde", "Calle Autonomía", "Alameda de Mazarredo"]),
    city("ZAZ", "Zaragoza", ["Paseo de la Independencia", "Calle Alfonso I", "Avenida de Goya"]),
    city("AGP", "Málaga", ["Calle Larios", "Paseo del Parque", "Avenida de Andalucía"]),
    city("GRX", "Granada", ["Calle Recogidas", "Gran Vía de Colón", "Camino de Ronda"]),
    city("SCQ", "Santiago de Compostela", ["Rúa do Franco", "Rúa do Hórreo", "Rúa de San Pedro"]),
    city("PMI", "Palma", ["Passeig del Born", "Avinguda de Jaume III", "Carrer de Sant Miquel"]),
    city("OVD", "Oviedo", ["Calle Uría", "Calle Gascona", "Avenida de Galicia"]),
];
/// Cities are taken four at a time and get three charge points each, so that even a small network has neighbours.
const CITIES_IN_A_GROUP: usize = 4;
const IN_A_CITY: usize = 3;
const GROUP: usize = CITIES_IN_A_GROUP * IN_A_CITY;
const GROUPS: usize = CITIES.len() / CITIES_IN_A_GROUP;

/// A network of this size.
pub fn plan(charge_points: u32, drivers: u32) -> Plan {
    Plan {
        charge_points: (0..usize::try_from(charge_points).unwrap_or(0)).map(charge_point).collect(),
        drivers: (1..=drivers).map(driver).collect(),
    }
}

fn charge_point(index: usize) -> PlannedChargePoint {
    let group = index / GROUP % GROUPS;
    let city = &CITIES[group * CITIES_IN_A_GROUP + index % CITIES_IN_A_GROUP];
    let round = index / (GROUP * GROUPS);
    let number = round * IN_A_CITY + index % GROUP / CITIES_IN_A_GROUP + 1;
    let street = city.streets[number % city.streets.len()];
    // Prices from 0.29 to 0.65: the factor has no divisor in common with their number, so each comes up.
    let price_cents = 29 + i64::try_from(index * 7 % 37).unwrap_or(0);
    PlannedChargePoint {
        cp_id: format!("{}-{number:02}", city.code),
        location: format!("{street} {}, {}", 1 + index * 13 % 180, city.name),
        price_micros_per_kwh: price_cents * MICROS_PER_CENT,
        max_power_w: POWERS_W[index % POWERS_W.len()],
        vehicle_energy_mwh: VEHICLE_ENERGY_MWH,
    }
}

fn driver(number: u32) -> PlannedDriver {
    PlannedDriver {
        driver_id: format!("driver{number}"),
        name: format!("Driver {number}"),
        balance_micros: BALANCE_MICROS,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_size_up_to_2000_has_as_many_different_valid_ids() {
        let most = plan(2_000, 0).charge_points;
        let mut seen = HashSet::new();
        for (index, charge_point) in most.iter().enumerate() {
            assert!(seen.insert(charge_point.cp_id.clone()), "{} comes twice", charge_point.cp_id);
            assert!(evcharging_common::ids::is_valid(&charge_point.cp_id));
            assert_eq!(seen.len(), index + 1);
        }
        for size in [1, 12, 13, 500, 1_999] {
            let smaller = plan(size, 0).charge_points;
            assert_eq!(smaller[..], most[..smaller.len()], "a larger network keeps a smaller one's");
        }
    }

    #[test]
    fn the_usual_twelve_are_four_cities_of_three() {
        let ids: Vec<String> = plan(12, 0).charge_points.into_iter().map(|planned| planned.cp_id).collect();
        for city in ["MAD", "BCN", "VLC", "SVQ"] {
            for number in 1..=3 {
                assert!(ids.contains(&format!("{city}-0{number}")), "{city}-0{number} is missing in {ids:?}");
            }
        }
    }

    #[test]
    fn prices_and_powers_are_those_of_real_charge_points() {
        for charge_point in plan(200, 0).charge_points {
            assert!((290_000..=650_000).contains(&charge_point.price_micros_per_kwh), "{charge_point:?}");
            assert!((50_000..=150_000).contains(&charge_point.max_power_w), "{charge_point:?}");
        }
    }

    #[test]
    fn drivers_are_counted_from_one_and_have_50_eur() {
        let drivers = plan(0, 3).drivers;
        assert_eq!(drivers[0].driver_id, "driver1");
        assert_eq!(drivers[2].driver_id, "driver3");
        assert!(drivers.iter().all(|driver| driver.balance_micros == 50_000_000));
    }
}
