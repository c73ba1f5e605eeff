/** A server that tests of sources follow: the real program, on a port and in a folder of its own. */

export interface RunningServer {
  /** What a source's variable has as its value. */
  readonly url: string;
  /** Other addresses of it, by name. */
  readonly more?: Readonly<Record<string, string>>;
  /** What tests may do to it. */
  readonly actions?: Readonly<Record<string, (body: string) => Promise<void>>>;
  stop(): Promise<void>;
}

/** The servers by name. Absent: the program is not installed here, and the tests that need it are skipped. */
export type ServerUrls = Readonly<Partial<Record<"postgres" | "nats" | "mqtt", string>>>;

export interface TestServer {
  readonly name: keyof ServerUrls;
  /** What Debian calls its package, for the line that says that tests are skipped. */
  readonly package: string;
  isInstalled(): boolean;
  start(): Promise<RunningServer>;
}
