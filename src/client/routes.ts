import type { paths } from "./api-types.ts";

/* What a route takes and answers, by method and path. */

type Routes = paths;

export type Method = "get" | "put" | "post" | "patch" | "delete";

/** The paths that answer a method. */
export type PathOf<M extends Method> = {
  [P in keyof Routes]: M extends keyof Routes[P] ? P : never;
}[keyof Routes];

type OperationOf<M extends Method, P extends PathOf<M>> = M extends keyof Routes[P] ? Routes[P][M] : never;

type JsonOf<T> = T extends { content: { "application/json": infer Json } } ? Json : undefined;

type Successful<T> = { [Status in keyof T & (200 | 201 | 204)]: JsonOf<T[Status]> }[keyof T & (200 | 201 | 204)];

/** What is answered when all is well; `undefined` where there is no content. */
export type AnswerOf<M extends Method, P extends PathOf<M>> =
  OperationOf<M, P> extends { responses: infer Responses } ? Successful<Responses> : never;

/** Ids in the path and the query. */
export type ParametersOf<M extends Method, P extends PathOf<M>> =
  OperationOf<M, P> extends { parameters: infer Parameters } ? Parameters : never;

/** The body; `never` where there is none. */
export type BodyOf<M extends Method, P extends PathOf<M>> =
  OperationOf<M, P> extends { requestBody?: { content: { "application/json": infer Body } } } ? Body : never;

/** The paths that answer with pages. */
export type ListPath = {
  [P in PathOf<"get">]: AnswerOf<"get", P> extends { items: unknown[]; next_cursor: string | null } ? P : never;
}[PathOf<"get">];

/** One item of a list. */
export type ItemOf<P extends ListPath> = AnswerOf<"get", P> extends { items: (infer Item)[] } ? Item : never;

export type QueryOf<P extends PathOf<"get">> =
  ParametersOf<"get", P> extends { query?: infer Query } ? NonNullable<Query> : Record<string, never>;
