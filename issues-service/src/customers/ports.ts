import type { ClaimedByExternalId } from '../domain/open-once.ts'
import type { Customer, CustomerChange, PersonalData, PersonalField } from './customer.ts'

export type NewCustomer = CustomerChange & Readonly<{ personal: PersonalData; digest: string }>

export type CustomersTransaction = Readonly<{
  findClaimed(externalIds: readonly string[]): Promise<readonly ClaimedByExternalId<Customer>[]>
  insert(created: readonly NewCustomer[]): Promise<void>
  /** Null without such a customer; `personal` is null once it was erased. */
  find(id: string): Promise<Readonly<{ customer: Customer; personal: PersonalData | null }> | null>
  /** Stores a change, with the personal fields that have another value. */
  save(change: CustomerChange, personal: Partial<PersonalData>): Promise<void>
}>

export type CustomersStore = Readonly<{
  /** Runs `work` on one consistent state of a tenant, again after a conflict with another writer. */
  transact<T>(tenant: string, work: (transaction: CustomersTransaction) => Promise<T>): Promise<T>
}>

/** Keyed hashes: equal values have equal hashes, which do not give the values away. */
export type BlindIndex = Readonly<{
  /** In either case, and in any form of Unicode. */
  ofEmail(email: string): string
  /** The digest of an input with personal data, whatever the order of its fields. */
  ofInput(input: object): string
  /** The id of a payment method, which stays the same for the token of a customer. */
  toMethodId(customerId: string, token: string): string
}>

/** The personal fields to be read, by customer. */
export type PersonalFieldsOf = ReadonlyMap<string, ReadonlySet<PersonalField>>

export type PersonalDataStore = Readonly<{
  /** Decrypts the fields that are wanted of each customer of a tenant. Erased customers are missing in the result. */
  find(wanted: PersonalFieldsOf, tenant: string): Promise<ReadonlyMap<string, Partial<PersonalData>>>
}>
