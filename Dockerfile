# Departures, the reference app: a node (the default), or a feed of its own (`node dist/feed/main.js`).
# Its variables: docs/deployment.md.

FROM node:22-slim AS manifests
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY libs/protocol/package.json libs/protocol/
COPY libs/client/package.json libs/client/
COPY libs/nest/package.json libs/nest/

FROM manifests AS build
RUN npm ci
COPY tsconfig.base.json tsconfig.build.json ./
COPY libs libs
COPY src src
# The build refers to the applications of the tests. They stay in this stage.
COPY test/apps test/apps
RUN npm run build

FROM manifests AS packages
# Optional too: ORMs that the tests use are optional peers of @millrace/nest, which is reason enough for npm to keep them.
RUN npm ci --omit=dev --omit=optional

FROM node:22-slim
ENV NODE_ENV=production
# A container has networks of its own; who reaches it is for its ports to say.
ENV HOST=0.0.0.0
# For a node without DATABASE_URL, which keeps its embedded database there.
ENV DATA_DIR=/data
RUN install --directory --owner=node --group=node /data
WORKDIR /app
# With the links from node_modules/@millrace to libs, which is why the folders stay as they are.
COPY --from=packages /app ./
COPY --from=build /app/libs/protocol/dist libs/protocol/dist
COPY --from=build /app/libs/client/dist libs/client/dist
COPY --from=build /app/libs/nest/dist libs/nest/dist
COPY --from=build /app/dist dist
USER node
EXPOSE 3000
# The process turns. Not whether it is ready: nobody should restart a node for an outage of its database.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 3000}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node itself, so that it hears SIGTERM and drains.
CMD ["node", "dist/main.js"]
