"""The commands of the command line, one module each; its function `main` takes the arguments after the command."""
