"""Child processes: started on a leash, logged to a file each, watched, restarted, stopped without orphans."""
