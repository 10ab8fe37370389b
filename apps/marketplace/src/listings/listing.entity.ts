import type { Violation } from '@aimass/platform-errors';
import { newId } from '@aimass/platform-persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { nextState } from './listing-state.js';
import type { ListingMove, ListingState } from './listing-state.js';
import { listingHasNoPlan, listingInvalid, noteInvalid, vendorNameInvalid } from './listings.errors.js';
import { textProblem } from './text.js';

/** What a vendor says about a listing when it starts one. */
export interface ListingDraft {
  readonly vendorOrganizationId: string;
  readonly vendorName: string;
  readonly deploymentName: string;
  readonly title: string;
  readonly description: string;
}

/** Something for sale: a deployment under the name `vendor/deployment`, with a life from draft to delisted. */
@Entity()
export class Listing {
  @PrimaryColumn('text')
  readonly id: string;

  @Column('text', { name: 'vendor_organization_id' })
  readonly vendorOrganizationId: string;

  @Column('text', { name: 'vendor_name' })
  readonly vendorName: string;

  @Column('text', { name: 'deployment_name' })
  readonly deploymentName: string;

  @Column('text')
  readonly title: string;

  @Column('text')
  readonly description: string;

  @Column('text')
  readonly state: ListingState;

  /** Why it was rejected; empty otherwise. */
  @Column('text', { name: 'review_note' })
  readonly reviewNote: string;

  @Column('timestamptz', { name: 'created_at' })
  readonly createdAt: Date;

  /** Throws `invalid` for texts that are too long or missing, and for an organization whose name cannot sell. */
  static create(draft: ListingDraft): Listing {
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(draft.vendorName)) throw vendorNameInvalid(draft.vendorName);
    const violations: Violation[] = [
      ...textProblem('title', draft.title, { min: 1, max: 200 }),
      ...textProblem('description', draft.description, { min: 0, max: 20_000 }),
    ];
    if (violations.length > 0) throw listingInvalid(violations);
    return Object.assign(new Listing(), draft, {
      id: newId('lst'),
      state: 'draft',
      reviewNote: '',
      createdAt: new Date(),
    });
  }

  /** The name that subscribers call. */
  get routeName(): string {
    return `${this.vendorName}/${this.deploymentName}`;
  }

  /** Makes a move that the caller may make. A rejection needs a note; a submission needs a plan. */
  move(move: ListingMove, context: { planCount: number; note: string }): void {
    const state = nextState(this.state, move);
    if (move === 'submit' && context.planCount === 0) throw listingHasNoPlan();
    const reviewNote = move === 'reject' ? checkedNote(context.note) : '';
    Object.assign(this, { state, reviewNote });
  }
}

function checkedNote(note: string): string {
  const [problem] = textProblem('note', note, { min: 1, max: 2_000 });
  if (problem) throw noteInvalid(`say why the listing is rejected. ${problem.message}`);
  return note;
}
