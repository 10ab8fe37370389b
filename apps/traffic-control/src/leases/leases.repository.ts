import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { EntityManager } from 'typeorm';
import type { Holder, SliceGrant } from './lease-shares.js';

/** A limit's holders at an instant of the database's clock. */
export interface HoldersNow {
  readonly nowMs: number;
  /** Limit → gateways that hold or held slices of it. */
  readonly byPolicy: ReadonlyMap<string, readonly Holder[]>;
}

interface Row {
  readonly nowMs: string;
  readonly policyId: string | null;
  readonly gatewayId: string;
  readonly demand: number;
  readonly grants: readonly SliceGrant[];
  readonly aliveUntilMs: string;
}

/** All SQL of leases. */
@Injectable()
export class LeasesRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  transaction<T>(work: (tx: EntityManager) => Promise<T>): Promise<T> {
    return this.dataSource.transaction(work);
  }

  /** Reads the clock together with the rows; call it only once the limits are locked. */
  async read(tx: EntityManager, policyIds: readonly string[]): Promise<HoldersNow> {
    const rows: Row[] = await tx.query(
      `SELECT clock.now_ms AS "nowMs", policy_id AS "policyId", gateway_id AS "gatewayId", demand, grants,
         alive_until_ms AS "aliveUntilMs"
       FROM (SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms) AS clock
       LEFT JOIN lease ON policy_id = ANY($1::text[])`,
      [policyIds],
    );
    const byPolicy = new Map<string, Holder[]>();
    for (const { policyId, gatewayId, demand, grants, aliveUntilMs } of rows) {
      if (policyId === null) continue;
      const holders = byPolicy.get(policyId) ?? [];
      holders.push({ gatewayId, demand, grants, aliveUntilMs: Number(aliveUntilMs) });
      byPolicy.set(policyId, holders);
    }
    return { nowMs: Number(rows[0]?.nowMs), byPolicy };
  }

  /** Writes one gateway's slices of several limits, and forgets the gateways that are gone. */
  async save(tx: EntityManager, slices: ReadonlyMap<string, Holder>, nowMs: number): Promise<void> {
    await tx.query(`DELETE FROM lease WHERE policy_id = ANY($1::text[]) AND alive_until_ms <= $2`, [
      [...slices.keys()],
      nowMs,
    ]);
    const rows = [...slices].map(([policyId, holder]) => ({ policyId, ...holder }));
    await tx.query(
      `INSERT INTO lease (policy_id, gateway_id, demand, grants, alive_until_ms)
       SELECT "policyId", "gatewayId", demand, grants, "aliveUntilMs" FROM jsonb_to_recordset($1::jsonb)
         AS t("policyId" text, "gatewayId" text, demand double precision, grants jsonb, "aliveUntilMs" bigint)
       ON CONFLICT (policy_id, gateway_id) DO UPDATE
         SET demand = EXCLUDED.demand, grants = EXCLUDED.grants, alive_until_ms = EXCLUDED.alive_until_ms`,
      [JSON.stringify(rows)],
    );
  }
}
