/** A function that fails while it is imported, for the tests of the functions host. */
throw new Error("broken on purpose");
