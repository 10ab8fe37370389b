import type { Connector, ConnectorKind, Fetched, Listing, Origin, PreviousFetch } from './connector.js';
import type { SourceConfig } from '../sources/source-config.js';
import type { FetchSink } from './fetch-sink.js';

/** Every connector there is, by the kind of what it reads. */
export class Connectors {
  private readonly byKind: ReadonlyMap<ConnectorKind, Connector>;

  constructor(connectors: readonly Connector[]) {
    this.byKind = new Map(connectors.map((connector) => [connector.kind, connector]));
  }

  /** As Connector.admit, by the connector of the source's kind. */
  async admit(config: SourceConfig): Promise<void> {
    await this.of(config.kind).admit?.(config);
  }

  /** As Connector.check, by the connector of the origin's kind. */
  check(origin: Origin, signal: AbortSignal): Promise<Listing> {
    return this.of(origin.kind).check(origin, signal);
  }

  /** As Connector.fetch, by the connector of the origin's kind. */
  fetch(
    origin: Origin,
    sink: FetchSink,
    signal: AbortSignal,
    previous?: PreviousFetch,
  ): Promise<Fetched | 'unchanged'> {
    return this.of(origin.kind).fetch(origin, sink, signal, previous);
  }

  private of(kind: ConnectorKind): Connector {
    const connector = this.byKind.get(kind);
    if (!connector) throw new Error(`There is no connector of the kind ${kind}.`);
    return connector;
  }
}
