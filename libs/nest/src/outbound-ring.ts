import type { BatchSenderParts } from './broker/redis/batch-sender.js';
import { ChannelAccess } from './channel/channel-access.js';
import { DenialWriter } from './channel/denial-writer.js';
import { ByteAccount } from './core/byte-account.js';
import { systemClock } from './core/clock.js';
import { DatabaseClock } from './core/database-clock.js';
import { randomIds } from './core/ids.js';
import { systemRandom } from './core/random.js';
import { metricCatalogue } from './metric-catalogue.js';
import type { ResolvedOutboundOptions } from './millrace.options.js';
import type { RedisOptions } from './redis/redis.options.js';
import { MessageSeal } from './redis/message-seal.js';
import { RedisPublisher, type RedisPublisherParts } from './redis/redis-publisher.js';
import { Backlog } from './stream/backlog.js';
import { ChannelPublisher, type ChannelPublisherParts } from './stream/channel-publisher.js';
import { PgDatabase } from './stream/pg/pg-database.js';
import { PgliteDatabase } from './stream/pglite/pglite-database.js';
import { Sequencer } from './stream/sequencer.js';
import type { SqlDatabase } from './stream/sql-database.port.js';
import { DatabaseWait } from './stream/start/database-wait.js';
import { installationOf } from './stream/store/installation.js';
import { InstallationKeys } from './stream/store/installation-keys.js';
import { SqlStreamStore } from './stream/store/sql-stream-store.js';
import type { StreamStore } from './stream/stream-store.port.js';
import { MillraceDatabase } from './stream/transaction/millrace-database.js';
import { PromRecorder } from './telemetry/prom-recorder.js';
import type { Recorder } from './telemetry/recorder.js';
import { OpenTelemetryContext } from './telemetry/trace-context.js';

/** Redis as a process that publishes uses it. */
interface OutboundRedis {
  readonly options: RedisOptions;
  readonly connection: RedisPublisherParts & { readonly seal: MessageSeal };
  readonly publisher: RedisPublisher;
}

/** The way of an event from the application to the other nodes: what a worker and a node have in common. */
export class OutboundRing {
  readonly recorder = new PromRecorder(metricCatalogue);
  readonly trace = new OpenTelemetryContext();
  /** Id of this process among those of the installation. */
  readonly node = randomIds.next();
  /** The time of what all nodes share: of events, live ones included. */
  readonly databaseClock = new DatabaseClock(systemClock);
  /** Whether what is staged is numbered. */
  readonly backlog = new Backlog(systemClock);
  readonly database: SqlDatabase;
  readonly store: StreamStore;
  /** What the nodes of the installation sign with. */
  readonly keys: InstallationKeys;
  /** What the start of this process asks of a database that may be away. */
  readonly wait: DatabaseWait;
  /** Of what waits in this process. */
  readonly account: ByteAccount;
  readonly sequencer: Sequencer;
  readonly redis: OutboundRedis | undefined;
  /** The database as the application uses it. */
  readonly millraceDatabase: MillraceDatabase;

  constructor(readonly outbound: ResolvedOutboundOptions) {
    const { recorder, databaseClock } = this;
    const { stream, redis } = outbound;
    const clock = systemClock;
    this.account = new ByteAccount(stream.maxBufferedBytes);
    this.database = databaseOf(outbound, recorder);
    this.millraceDatabase = new MillraceDatabase(this.database, stream.maxEventsPerTransaction);
    // The embedded database is in this process: nothing comes back that is not there.
    const timeoutMs = outbound.database.kind === 'embedded' ? 0 : stream.bootTimeoutMs;
    this.wait = new DatabaseWait({ timeoutMs, clock, random: systemRandom });
    const until = this.wait.until.bind(this.wait);
    const parts = {
      database: this.database,
      options: stream,
      recorder,
      clock,
      databaseClock,
      backlog: this.backlog,
      until,
    };
    this.store = new SqlStreamStore(parts);
    this.keys = new InstallationKeys({ database: this.database, schema: stream.schema, clock });
    this.sequencer = new Sequencer({ store: this.store, options: stream, clock, recorder, account: this.account });
    if (redis) {
      const seal = new MessageSeal({ signer: this.keys.signer('nodes'), clock: databaseClock, sender: this.node });
      const connection = { url: redis.url, clock, random: systemRandom, recorder, seal };
      this.redis = { options: redis, connection, publisher: new RedisPublisher(connection) };
    }
  }

  /** Redis channels are named after the installation, whose id the database has once it is set up. */
  installation(): Promise<string> {
    return installationOf(this.database, this.outbound.stream.schema);
  }

  protected channelPublisher(parts: Pick<ChannelPublisherParts, 'live' | 'onPublish'>): ChannelPublisher {
    return new ChannelPublisher({
      store: this.store,
      sequencer: this.sequencer,
      ambient: this.database.ambient,
      ids: randomIds,
      clock: this.databaseClock,
      options: this.outbound.stream,
      trace: this.trace,
      ...parts,
    });
  }

  protected channelAccess(publisher: ChannelPublisher): ChannelAccess {
    const { millraceDatabase: database, databaseClock: clock, outbound } = this;
    return new ChannelAccess(
      publisher,
      new DenialWriter({ publisher, database, schema: outbound.stream.schema, clock }),
    );
  }

  protected senderParts({ options, publisher }: OutboundRedis): BatchSenderParts {
    const { recorder } = this;
    return {
      publisher,
      recorder,
      node: this.node,
      prefix: options.prefix,
      installation: () => this.installation(),
    };
  }
}

function databaseOf({ database, stream }: ResolvedOutboundOptions, recorder: Recorder): SqlDatabase {
  if (database.kind === 'embedded') return new PgliteDatabase(database.options);
  return new PgDatabase(database.source, { ...stream, recorder });
}
