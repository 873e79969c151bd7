// Its shim is compiled by build.rs; there is nothing to call.
