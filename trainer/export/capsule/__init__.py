"""The capsule: a whole run as one zip that another installation imports, shows and resumes."""
