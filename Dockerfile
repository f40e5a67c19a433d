# One small image with the one binary: docker build --tag evcharging --build-arg REVISION=$(git rev-parse HEAD) .
FROM node:22-bookworm-slim AS pages
WORKDIR /source/services/portal/web
COPY services/portal/web/package.json services/portal/web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY proto /source/proto
COPY services/portal/web ./
RUN npm run build

FROM rust:1.95-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ libssl-dev make pkg-config zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
COPY --from=pages /source/services/portal/web/dist services/portal/web/dist
# The caches outlive a change of ours, so that only what changed is compiled anew. The last image has no zlib.
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/source/target \
    cargo build --release --locked --package evcharging \
    && mkdir --parents /image/usr/local/bin /image/usr/lib \
    && strip --output-file=/image/usr/local/bin/evcharging target/release/evcharging \
    && cp --dereference /usr/lib/*-linux-gnu/libz.so.1 /image/usr/lib/

FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="EVCharging" \
      org.opencontainers.image.description="A charging network for electric vehicles" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image /
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/evcharging"]
