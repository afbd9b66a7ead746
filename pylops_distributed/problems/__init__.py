"""Problems: one a file, under the name that its class has."""
