/** The entry `corrigenda/petjeaf`: a client for Petje.af alone. */
export * from "../petjeaf.ts";
