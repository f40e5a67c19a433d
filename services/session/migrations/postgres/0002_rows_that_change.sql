-- A session changes with each reading: room in its page lets the new row stand beside the old one, with no index to be told.
ALTER TABLE sessions SET (fillfactor = 60);
ALTER TABLE charge_points SET (fillfactor = 50);
ALTER TABLE drivers SET (fillfactor = 50);

-- As before, by way of double precision, in which milliseconds since 1970 are exact, too. Stable, as date_part is: PostgreSQL runs an
-- immutable function with a stable one in it as a call for each value, many times as slow as the expression itself.
CREATE OR REPLACE FUNCTION ms(instant timestamptz) RETURNS bigint STABLE PARALLEL SAFE LANGUAGE SQL
    RETURN (date_part('epoch', instant) * 1000)::bigint;
CREATE OR REPLACE FUNCTION instant(ms bigint) RETURNS timestamptz IMMUTABLE PARALLEL SAFE LANGUAGE SQL
    RETURN to_timestamp(ms::double precision / 1000);
