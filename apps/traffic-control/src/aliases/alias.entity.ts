import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the model registry says a name means; the copy this service routes by. */
@Entity()
export class Alias {
  @PrimaryColumn('text', { name: 'model_id' })
  readonly modelId: string;

  @PrimaryColumn('text')
  readonly alias: string;

  @Column('text', { name: 'organization_id' })
  readonly organizationId: string;

  /** The version number it points at. */
  @Column('integer')
  readonly number: number;

  /** The registry's count of its moves; 0 when it was read and not yet heard of. */
  @Column('integer', { name: 'move_count' })
  readonly moveCount: number;
}

/** A model's whole alias map as the registry answered it. */
export interface ModelAliases {
  readonly modelId: string;
  readonly aliases: Readonly<Record<string, number>>;
}
