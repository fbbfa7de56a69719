import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { serviceAddress } from '../../support/service-address.js';
import { until } from './until.js';

const configuration = fileURLToPath(new URL('../../../deploy/haproxy.cfg', import.meta.url));
/** Kills HAProxy when standard input ends, and that is when this process does, however it does. */
const guard = 'exec 3<&0; "$@" & pid=$!; echo "pid $pid"; { cat <&3 > /dev/null; kill -KILL $pid; } & wait $pid';
/** How many servers the configuration has. */
const SERVERS = 3;
const MAX_OUTPUT = 100_000;

interface Running {
  readonly signal: (signal: NodeJS.Signals) => void;
  readonly exited: Promise<void>;
}

/** HAProxy before nodes, as `deploy/haproxy.cfg` says. Its address stays while it and the nodes come and go. */
export class LoadBalancer {
  readonly #port: number;
  #ports: readonly number[];
  #running: Running | undefined;
  #output = '';

  private constructor(ports: readonly number[], port: number) {
    this.#ports = ports;
    this.#port = port;
  }

  /** Before the nodes that listen on `ports`, three at most. */
  static async start(ports: readonly number[]): Promise<LoadBalancer> {
    for (let attempt = 1; ; attempt++) {
      // Below the ports that outgoing connections get: one of them could have ours while HAProxy is away.
      const balancer = new LoadBalancer(ports, randomInt(20_000, 30_000));
      try {
        await balancer.restart();
        return balancer;
      } catch (error) {
        if (attempt === 3 || !balancer.output.includes('cannot bind socket')) throw error;
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The end of its log: a line for each connection that has ended, and for each server that goes down or comes up. */
  get output(): string {
    return this.#output;
  }

  /** Starts it on the port that it had, before other nodes if `ports` are given. Connections through it are cut. */
  async restart(ports: readonly number[] = this.#ports): Promise<void> {
    await this.stop();
    this.#ports = ports;
    const running = this.#spawn();
    this.#running = running;
    const ended = running.exited.then(() => Promise.reject(new Error(`HAProxy ended: ${this.#output}`)));
    await Promise.race([until('HAProxy listens', async () => (await fetch(`${this.url}/ready`)).status > 0), ended]);
  }

  /** Ends it without a word to anybody; nobody answers until {@link restart}. */
  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  /** Ends it at once, and its connections with it. */
  stop(): Promise<void> {
    return this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    this.#running?.signal(signal);
    await this.#running?.exited;
    this.#running = undefined;
  }

  #spawn(): Running {
    const command = [serviceAddress('HAPROXY_PATH'), '-db', '-f', configuration];
    const child = spawn('sh', ['-c', guard, 'sh', ...command], {
      env: { ...process.env, LISTEN: `127.0.0.1:${this.#port}`, ...serverAddresses(this.#ports) },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let pid: number | undefined;
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (line) => {
        pid ??= /^pid (\d+)$/.test(line) ? Number(line.slice('pid '.length)) : undefined;
        this.#output = `${this.#output}${line}\n`.slice(-MAX_OUTPUT);
      });
    }
    child.once('exit', () => child.stdin.end());
    return {
      signal: (signal) => void (pid !== undefined && child.exitCode === null && process.kill(pid, signal)),
      exited: new Promise((resolve) => child.once('close', () => resolve())),
    };
  }
}

function serverAddresses(ports: readonly number[]): Record<string, string> {
  if (ports.length > SERVERS) throw new Error(`deploy/haproxy.cfg has ${SERVERS} servers, not ${ports.length}`);
  // Nobody listens on port 9: the check takes such a server out at once.
  const port = (index: number): number => ports[index] ?? 9;
  return Object.fromEntries(Array.from({ length: SERVERS }, (_, i) => [`NODE_${i + 1}`, `127.0.0.1:${port(i)}`]));
}
