# Keyward in a container: docs/operations.md says how it is run. The final stage has what the published package has, and
# its dependencies; no npm, no sources, no secret.

FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
COPY web/package.json web/
COPY runtime/package.json runtime/
RUN npm ci --omit=dev --omit=optional --workspaces=false --ignore-scripts

FROM node:24.21.0-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci && npm run build

FROM node:24.21.0-bookworm-slim
WORKDIR /app
COPY --from=dependencies /src/node_modules node_modules
COPY --from=build /src/dist dist
COPY bin bin
COPY migrations migrations
COPY container container
COPY package.json CHANGELOG.md LICENSE ./
# The only place that is written to. The mode keeps it to the user even where a volume starts as a copy of it.
RUN install --directory --owner=10001 --group=10001 --mode=0700 /data
ENV NODE_ENV=production \
    KEYWARD_HOST=0.0.0.0 \
    KEYWARD_PORT=4180 \
    KEYWARD_DATABASE_URL=sqlite:/data/keyward.db
USER 10001:10001
VOLUME ["/data"]
EXPOSE 4180
STOPSIGNAL SIGTERM
# Whether the process lives. Whether traffic may come is /readyz, for whoever spreads it: a database that is away for a
# minute is no reason to end every replica.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 CMD ["/app/container/health.sh"]
ENTRYPOINT ["/app/container/start.sh"]
CMD ["serve"]
