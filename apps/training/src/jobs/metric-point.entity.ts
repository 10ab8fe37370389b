import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One point of a metric's curve, as the trainer reported it. */
@Entity()
export class MetricPoint {
  @PrimaryColumn('text', { name: 'job_id' })
  readonly jobId: string;

  /** Counts up within the job. */
  @PrimaryColumn('integer')
  readonly sequence: number;

  /** The run of the job that reported it. */
  @Column('integer')
  readonly run: number;

  @Column('text')
  readonly metric: string;

  /** Empty when there is one trial. */
  @Column('text')
  readonly trial: string;

  /** 64-bit, hence text. */
  @Column('bigint')
  readonly epoch: string;

  @Column('double precision')
  readonly value: number;
}
